import { exampleProblems } from './body/example-problems.ts';
import { profileFields } from './profile.ts';

/** Parses a profile, and checks that its own examples can be sent. docs/profiles.md describes each field. */
export const profileSchema = profileFields.superRefine((profile, context) => {
  // zod also calls this with invalid members, and the examples can only be composed from valid ones.
  if (context.issues.length > 0) return;
  for (const problem of exampleProblems(profile)) context.addIssue({ code: 'custom', ...problem });
});
