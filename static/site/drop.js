/**
 * Drop target and paste target for photos: the whole page. While one hovers, the body has the class `dragging`.
 */

/** @param {(photo: File) => void} take is given the first file of each drop or paste */
export function takeDrops(take) {
  let depth = 0; // each element under the pointer is entered and left; only the count says whether any is
  const leave = () => {
    depth = 0;
    document.body.classList.remove('dragging');
  };
  addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    document.body.classList.add('dragging');
  });
  addEventListener('dragleave', (event) => {
    if (hasFiles(event) && --depth <= 0) leave();
  });
  addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener('drop', (event) => {
    if (!event.dataTransfer || !hasFiles(event)) return;
    event.preventDefault();
    leave();
    take(event.dataTransfer.files[0]);
  });
  addEventListener('paste', (event) => {
    const [photo] = event.clipboardData?.files ?? [];
    if (photo) take(photo);
  });
}

/** @param {DragEvent} event */
function hasFiles(event) {
  return event.dataTransfer?.types.includes('Files') ?? false;
}
