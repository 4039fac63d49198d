import { ConfigError } from '../../shared/kernel/errors.ts';

/** A state of the Amazon States Language, as far as this project looks into it. */
export interface State {
  readonly Type: string;
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly Catch?: readonly { readonly Next: string }[];
  readonly TimeoutSeconds?: number;
  readonly [field: string]: unknown;
}

export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
  readonly [field: string]: unknown;
}

/** Fields of JSONata and of variables: the runner ignores them without a word, and would decide otherwise. */
const IGNORED_FIELDS = ['Assign', 'Arguments', 'Output', 'Items'];

/**
 * Refuses what the local runner would run otherwise than AWS, and what would make a failed run impossible to
 * redrive or to reproduce.
 * @throws ConfigError naming state and field.
 */
export function assertRunsLocally(definition: Definition): void {
  for (const machine of machines(definition)) {
    assertJsonPath(machine['QueryLanguage'], `the machine that starts at ${machine.StartAt}`);
    for (const [name, state] of Object.entries(machine.States)) assertState(state, `state ${name}`, machine);
  }
}

/** A Task state, and the state of the whole machine that it lies in: itself, or a Map or Parallel. */
export interface TaskState {
  readonly name: string;
  readonly state: State;
  readonly within: string;
}

/** The Task states of a machine and of those inside it. */
export const taskStates = ({ States }: Definition): TaskState[] =>
  Object.entries(States).flatMap(([within, state]) =>
    machines({ StartAt: within, States: { [within]: state } })
      .flatMap((machine) => Object.entries(machine.States))
      .filter(([, { Type }]) => Type === 'Task')
      .map(([name, task]) => ({ name, state: task, within })),
  );

function assertState(state: State, place: string, definition: Definition): void {
  assertJsonPath(state['QueryLanguage'], place);
  for (const field of IGNORED_FIELDS) {
    if (field in state || choices(state).some((choice) => field in choice)) {
      throw refused(`${place} has ${field}, which the local runner ignores: use JSONPath fields`);
    }
  }
  if (/"Is[A-Za-z]+":false/.test(JSON.stringify(choices(state)))) {
    throw refused(`${place} asks for Is...: false, which the local runner never finds true: use Not`);
  }
  for (const { Next } of state.Catch ?? []) {
    if (definition.States[Next]?.Type === 'Fail') {
      throw refused(`${place} catches into the Fail state ${Next}, which cannot be redriven: drop the Catch`);
    }
  }
  if (state.Type === 'Task' && state.TimeoutSeconds === undefined) {
    throw refused(`${place} has no TimeoutSeconds: a task that hangs would hang the tick`);
  }
  if (JSON.stringify(state).includes('$$.Execution.StartTime')) {
    throw refused(
      `${place} reads $$.Execution.StartTime: the same tick would get other inputs when it is run again`,
    );
  }
}

function assertJsonPath(language: unknown, place: string): void {
  if (language !== undefined && language !== 'JSONPath') {
    throw refused(`${place} has QueryLanguage ${String(language)}: the local runner knows JSONPath only`);
  }
}

const choices = (state: State): object[] => (state['Choices'] as object[] | undefined) ?? [];

/** A machine and those inside its Map and Parallel states. */
function machines(definition: Definition): Definition[] {
  const inside = Object.values(definition.States).flatMap((state) => {
    const { ItemProcessor, Iterator, Branches } = state as {
      ItemProcessor?: Definition;
      Iterator?: Definition;
      Branches?: Definition[];
    };
    return [ItemProcessor, Iterator, ...(Branches ?? [])].filter((machine) => machine !== undefined);
  });
  return [definition, ...inside.flatMap(machines)];
}

const refused = (message: string): ConfigError => new ConfigError(message);
