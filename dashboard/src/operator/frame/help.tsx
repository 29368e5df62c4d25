import { useState } from 'react';
import { apiUrl } from '../../api/client.ts';
import { Dialog } from '../../kit/dialogs/dialog.tsx';
import { Check } from '../../kit/fields/field.tsx';
import { readSetting, writeSetting } from '../../theme/settings.ts';
import css from './help.module.css';
import { SCREENS } from './screens.ts';

const KEYS: [keys: string[], meaning: string][] = [
  [['Ctrl', 'K'], 'Jump to an id or a screen'],
  [['/'], 'Filter the list'],
  [['j'], 'Next row'],
  [['k'], 'Previous row'],
  [['Enter'], 'Open the row'],
  [['r'], 'Resend the delivery that is shown'],
  [['t'], 'Live updates on or off'],
  [['Space'], 'Pause the stream, or go on'],
  ...SCREENS.flatMap(({ key, label }): [string[], string][] => (key ? [[['g', key], label]] : [])),
  [['?'], 'These keys'],
];

export function Help({ onClose }: { onClose: () => void }) {
  const [isOn, setOn] = useState(readSetting('keys') !== 'off');
  return (
    <Dialog title="Help and keys" onClose={onClose} isText>
      <dl className={css.keys}>
        {KEYS.map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <Check
        label="Single letters are shortcuts"
        checked={isOn}
        onChange={(checked) => {
          setOn(checked);
          writeSetting('keys', checked ? 'on' : 'off');
        }}
      />
      <p>
        <a href={`${apiUrl}/docs`}>The API of this installation</a>
      </p>
    </Dialog>
  );
}
