// A form on its way to the server: sent once at a time, and what it was refused for.
import { Problem } from '$api';
import { focus_first_invalid } from './forms';
import { why } from './why';

export class Sending {
  busy = $state(false);
  problem = $state.raw<unknown>();
  /** The form: what is wrong in it gets the focus. */
  form = $state.raw<HTMLFormElement>();
  #shown: () => readonly string[];

  /** `shown`: the fields that tell beside themselves what is wrong with them. */
  constructor(shown: () => readonly string[]) {
    this.#shown = shown;
  }

  /** What is wrong with `field`. */
  error(field: string): string | undefined {
    return this.problem instanceof Problem ? this.problem.about(field) : undefined;
  }

  /** What is wrong besides, for the foot of the form. */
  get rest(): string {
    return this.problem === undefined ? '' : why(this.problem, this.#shown());
  }

  /** Whether `what` could be done; nothing is while something else is on its way. */
  async send(what: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = undefined;
    try {
      await what();
      return true;
    } catch (cause) {
      this.problem = cause;
      void focus_first_invalid(this.form);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
