declare global {
  namespace App {
    interface PageState {
      opened?: string;
    }
  }
}
export {};
