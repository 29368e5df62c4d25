import css from './code-block.module.css';

/** A command, or a part of a program, in lines of its own. Long lines wrap. */
export const CodeBlock = ({ children }: { children: string }) => <pre className={css.block}>{children}</pre>;
