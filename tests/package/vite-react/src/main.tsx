import { StrictMode, useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { GazeTracker } from 'gaze-tracker-element';
import 'gaze-tracker-element/react';

declare global {
  interface Window {
    effects: number;
    heard: string[];
  }
}

window.effects = 0;
window.heard = [];

function Portrait() {
  const tracker = useRef<GazeTracker>(null);
  useEffect(() => {
    window.effects += 1;
    tracker.current?.lookAt(-1, -1);
    return () => tracker.current?.lookAt(null);
  }, []);
  return (
    <gaze-tracker
      ref={tracker}
      src="/face/manifest.json"
      smoothing={1}
      width="80"
      noPoll
      ongaze-ready={() => window.heard.push('gaze-ready')}
      ongaze-level={(event) => window.heard.push(event.detail.name)}
    >
      <img src="/face/poster.webp" alt="Ada" />
    </gaze-tracker>
  );
}

function Page() {
  const [shown, show] = useState(true);
  return (
    <>
      <button onClick={() => show(!shown)}>{shown ? 'Hide' : 'Show'}</button>
      {shown && <Portrait />}
    </>
  );
}

const typed: GazeTracker | null = document.querySelector('gaze-tracker');
typed?.addEventListener('gaze-error', ({ detail }) => console.warn(detail.code));

createRoot(document.getElementById('root')!).render(<StrictMode><Page /></StrictMode>);
