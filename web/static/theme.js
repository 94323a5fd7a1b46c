// Before the first paint: the reader's choice of light or dark, if there is one.
(function () {
  try {
    var theme = localStorage.getItem('annals.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch (e) {
    // Storage is off: follow the system.
  }
})();
