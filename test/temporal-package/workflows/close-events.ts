import { closeEvents, defaultCloseEvent } from '../../../packages/temporal/src/workflow/index.ts';

const SILENT = ['send', 'deliverByNexus', 'posthornDeliver', 'orderOfNobody'];

/** An interceptor module as a user of the package would write it. */
export const interceptors = () =>
  closeEvents({
    event: (close) => {
      if (SILENT.includes(close.workflowType)) return undefined;
      if (close.workflowType === 'orderWithAnUnreadableResult') throw new Error('a bug in the function');
      if (close.workflowType === 'orderWithAnInvalidEvent') return { type: 'not a type', data: null };
      if (close.workflowType === 'orderPaid' && close.status === 'completed')
        return { type: 'order.paid', data: close.result, consumer: 'ada' };
      return { ...defaultCloseEvent(close), consumer: 'ada' };
    },
  });
