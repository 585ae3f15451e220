import { values, type Config, type OptionSpecs } from '@evenly/service';

export const options = {
  kubeconfig: {
    describe: 'the kubeconfig; absent = as kubectl finds it, else the service account of the pod',
    schema: values.text(),
  },
  context: { describe: 'the context of the kubeconfig; absent = its current one', schema: values.text() },
  namespace: {
    describe: 'namespaces to look at, comma-separated; absent = the whole cluster',
    schema: values.list(),
    default: '',
  },
  json: { describe: 'print JSON, for programs', schema: values.flag(), default: 'false', isFlag: true },
} as const satisfies OptionSpecs;

export type DoctorConfig = Config<typeof options>;
