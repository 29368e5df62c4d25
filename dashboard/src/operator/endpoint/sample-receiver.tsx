import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { CreatedEndpoint } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { messageOf } from '../../api/problem.tsx';
import { projectQuery } from '../../api/queries.ts';
import { useMayChange, useSession } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { tell } from '../../kit/status/toast.tsx';

/** The profile whose signatures it verifies. */
const PROFILE = 'standard-webhooks';

/** The URL of the sample receiver of `npm start`, if the project can use it. */
export function useSampleReceiver(project: string): string | undefined {
  const { sampleReceiverUrl } = useSession();
  const mayChange = useMayChange();
  const { data } = useQuery({ ...projectQuery(project), enabled: sampleReceiverUrl !== null });
  return mayChange && data?.profile === PROFILE ? (sampleReceiverUrl ?? undefined) : undefined;
}

type UseSampleReceiverProps = {
  project: string;
  url: string;
  onMade?: (endpoint: CreatedEndpoint) => void | Promise<void>;
};

/** Makes it an endpoint. Its secret stays in Posthorn, which knows it. Done twice, it is the same endpoint. */
export function UseSampleReceiver({ project, url, onMade }: UseSampleReceiverProps) {
  const queryClient = useQueryClient();
  const make = useMutation({
    mutationFn: () =>
      clientOf(project).endpoints.create({
        url,
        uid: 'sample-receiver',
        events: ['*'],
        description: 'The sample receiver of npm start',
      }),
    onSuccess: async (made) => {
      await queryClient.invalidateQueries({ queryKey: [project, 'endpoints'] });
      await onMade?.(made);
    },
    onError: (error) => tell(messageOf(error), 'bad'),
  });
  return (
    <Button kind="primary" icon="webhook" busy={make.isPending} onClick={() => make.mutate()}>
      Use the sample receiver
    </Button>
  );
}
