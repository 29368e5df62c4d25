/** What went wrong, as one sentence for whoever ran the command. */
export class TryFailure extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'TryFailure';
  }
}
