import { exampleProblems } from './body/compose-examples.ts';
import { profileFields } from './profile.ts';

/** A profile whose own examples can be sent: docs/profiles.md describes each field. */
export const profileSchema = profileFields.superRefine((profile, context) => {
  // Zod goes on although a member is wrong; examples are made of members that are right.
  if (context.issues.length > 0) return;
  for (const problem of exampleProblems(profile)) context.addIssue({ code: 'custom', ...problem });
});
