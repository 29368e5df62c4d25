import type {
  AnnotationQuery,
  Dashboard,
  FieldConfigSource,
  GraphFieldConfig,
  Panel,
  RowPanel,
  VariableModel,
} from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** As a JSON file has it: enums by their values. */
type Plain<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer N extends number}`
      ? N
      : never
    : T extends (infer E)[]
      ? Plain<E>[]
      : T extends object
        ? { [K in keyof T]: Plain<T[K]> }
        : T;

type Target = {
  refId: string;
  datasource: { type: 'prometheus'; uid: string };
  expr: string;
  legendFormat?: string;
};

/** Grafana's types leave open what depends on the type of a panel. */
type PanelOf<Type extends string, Options, Custom> = Omit<
  Plain<Panel>,
  'type' | 'options' | 'fieldConfig' | 'targets'
> & {
  type: Type;
  options: Partial<Plain<Options>>;
  targets: Target[];
  fieldConfig: Omit<Plain<FieldConfigSource>, 'defaults'> & {
    defaults: Omit<Plain<FieldConfigSource['defaults']>, 'custom'> & { custom?: Plain<Custom> };
  };
};

/** A dashboard with the kinds of panels that deploy/grafana/posthorn.json has, as Grafana publishes their types. */
export type GrafanaDashboard = Omit<Plain<Dashboard>, 'panels' | 'annotations' | 'templating'> & {
  annotations: { list: (Plain<AnnotationQuery> & { expr: string; titleFormat: string })[] };
  templating: { list: Plain<VariableModel>[] };
  panels: (
    | Plain<RowPanel>
    | PanelOf<'stat', StatOptions, Record<never, never>>
    | PanelOf<'timeseries', TimeSeriesOptions, GraphFieldConfig>
  )[];
};
