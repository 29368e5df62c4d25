import { profileSentences } from '../../../../dashboard/src/operator/profile/profile-sentences.ts';
import type { Profile } from '../../../../sdk/typescript/src/models.ts';
import { createShippedProfiles } from '../../../../src/profiles/shipped/registry.ts';

test('every shipped profile is read as sentences, without a gap', () => {
  const shipped = createShippedProfiles();
  for (const name of shipped.names()) {
    const sentences = profileSentences(shipped.source(name) as Profile);
    expect(sentences).toHaveLength(8);
    for (const [, sentence] of sentences) {
      expect(sentence).toMatch(/^[A-Z0-9`].*\.$/);
      expect(sentence).not.toMatch(/undefined|NaN|\[object/);
    }
  }
});
