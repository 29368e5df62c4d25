import { useMutation } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { clientOf } from '../../api/client.ts';
import { FormProblem } from '../../api/problem.tsx';
import { useSession } from '../../api/session.ts';
import { Dialog } from '../../kit/dialogs/dialog.tsx';
import { ChosenTest, useChosenTest } from './chosen-test.tsx';
import { testEndpoint } from './test-call.ts';
import type { TestDraft, TestEndpointProps } from './test-draft.ts';
import { TestForm } from './test-form.tsx';

// Customers do not need it.
const WrittenTestDialog = lazy(async () => ({
  default: (await import('./written-test-dialog.tsx')).WrittenTestDialog,
}));

/** Sends a test event to this endpoint alone, and shows what it answers. */
export function TestEndpoint(props: TestEndpointProps) {
  const { kind } = useSession();
  if (kind === 'consumer') return <ChosenTestDialog {...props} />;
  return (
    <Suspense>
      <WrittenTestDialog {...props} />
    </Suspense>
  );
}

function ChosenTestDialog({ project, endpoint, type, onClose, onSent, ...answer }: TestEndpointProps) {
  const [draft, setDraft] = useState<TestDraft>({ type });
  const chosen = useChosenTest(project, endpoint, draft);
  const test = useMutation({
    mutationFn: () => testEndpoint(clientOf(project), endpoint.id, chosen.type),
    onSuccess: onSent,
  });
  return (
    <Dialog title="Test this endpoint" onClose={onClose} wide>
      <FormProblem error={test.error} fields={[]} />
      <TestForm
        {...answer}
        result={test.data}
        busy={test.isPending || !chosen.isReady}
        onSubmit={() => test.mutate()}
        onClose={onClose}
      >
        <ChosenTest test={chosen} onChange={setDraft} />
      </TestForm>
    </Dialog>
  );
}
