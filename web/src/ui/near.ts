const ahead = '800px';

/** An attachment that runs `then` whenever its element comes near the screen. */
export function when_near(then: () => void): (element: HTMLElement) => () => void {
  return (element) => {
    const observer = new IntersectionObserver(
      ([seen]) => {
        if (seen?.isIntersecting) then();
      },
      { rootMargin: ahead },
    );
    observer.observe(element);
    return () => observer.disconnect();
  };
}
