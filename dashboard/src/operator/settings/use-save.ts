import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ProjectChanges } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { tell } from '../../kit/status/toast.tsx';

export type Save = {
  save: (changes: ProjectChanges) => void;
  isSaving: boolean;
  error: unknown;
  /** What the API says about subscriptions after the last change. */
  warnings: string[];
};

/** Changes settings of the project. Each section has its own, so that an error stands where it belongs. */
export function useSave(project: string): Save {
  const [warnings, setWarnings] = useState<string[]>([]);
  const queryClient = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (changes: ProjectChanges) => clientOf(project).project.update(changes),
    onSuccess: async (changed) => {
      setWarnings(changed.warnings);
      await queryClient.invalidateQueries({ queryKey: [project] });
      tell('Saved.');
    },
  });
  return { save: mutate, isSaving: isPending, error, warnings };
}
