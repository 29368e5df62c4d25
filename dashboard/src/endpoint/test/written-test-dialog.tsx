import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { clientOf } from '../../api/client.ts';
import { FormProblem } from '../../api/problem.tsx';
import { isUsableJson } from '../../json-view/json-problem.ts';
import { Dialog } from '../../kit/dialogs/dialog.tsx';
import { firstAttemptOf, testEndpoint, testWithData } from './test-call.ts';
import type { TestDraft, TestEndpointProps } from './test-draft.ts';
import { TestForm } from './test-form.tsx';
import { useWrittenTest, WrittenTest } from './written-test.tsx';

/** For those who may send any type with any data. */
export function WrittenTestDialog({
  project,
  endpoint,
  type,
  onClose,
  onSent,
  ...answer
}: TestEndpointProps) {
  const [draft, setDraft] = useState<TestDraft>({ type });
  const written = useWrittenTest(project, endpoint.events, draft);
  const test = useMutation({
    mutationFn: async () => {
      const client = clientOf(project);
      if (written.data === undefined) return testEndpoint(client, endpoint.id, written.type);
      return firstAttemptOf(client, await testWithData(project, endpoint.id, written.type, written.data));
    },
    onSuccess: onSent,
  });
  return (
    <Dialog title="Test this endpoint" onClose={onClose} wide>
      <FormProblem error={test.error} fields={['/type', '/data']} />
      <TestForm
        {...answer}
        result={test.data}
        busy={test.isPending || !written.isReady}
        onSubmit={() => (written.data === undefined || isUsableJson(written.data)) && test.mutate()}
        onClose={onClose}
      >
        <WrittenTest test={written} error={test.error} onChange={setDraft} />
      </TestForm>
    </Dialog>
  );
}
