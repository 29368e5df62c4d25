/** Whoever copies a time gets the exact one, with zone and milliseconds: "4 min ago" would be wrong where it is pasted. */
export function copyExactTimes(): void {
  document.addEventListener('copy', (event) => {
    const exact = selectedTime()?.title;
    if (!exact) return;
    event.clipboardData?.setData('text/plain', exact);
    event.preventDefault();
  });
}

/** The time that the selection is within. */
function selectedTime(): HTMLTimeElement | null {
  const selection = getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const { commonAncestorContainer: node } = selection.getRangeAt(0);
  return (node instanceof Element ? node : node.parentElement)?.closest('time') ?? null;
}
