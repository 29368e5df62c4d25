/** What went wrong, in one sentence, for the person who ran the command. */
export class TryFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TryFailure';
  }
}
