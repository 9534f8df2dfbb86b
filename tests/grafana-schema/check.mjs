// Takes the folder of dashboards and gives the type errors that Grafana's own types find in them: `node check.mjs FOLDER`.
// Each dashboard becomes a TypeScript literal of type Dashboard, and the options of each panel one of its panel's type.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

// Where the types of each kind of panel are.
const kinds = {
  stat: 'stat/panelcfg/x/StatPanelCfg', table: 'table/panelcfg/x/TablePanelCfg', timeseries: 'timeseries/panelcfg/x/TimeSeriesPanelCfg',
  barchart: 'barchart/panelcfg/x/BarChartPanelCfg', 'state-timeline': 'statetimeline/panelcfg/x/StateTimelinePanelCfg',
  nodeGraph: 'nodegraph/panelcfg/x/NodeGraphPanelCfg', logs: 'logs/panelcfg/x/LogsPanelCfg',
}
const withFields = ['table', 'timeseries', 'barchart', 'state-timeline']

const head = `import type { AnnotationQuery, Dashboard, TableCellOptions, VariableModel, VariableOption } from '@grafana/schema'
${Object.entries(kinds).map(([kind, path]) => `import type * as ${name(kind)} from '@grafana/schema/dist/esm/raw/composable/${path}_types.gen'`).join('\n')}
// JSON has the values of enumerations as plain strings.
type Plain<T> = T extends string ? \`\${T}\` : T extends number | boolean | null | undefined ? T
  : T extends Array<infer U> ? Array<Plain<U>> : T extends object ? { [K in keyof T]: Plain<T[K]> } : T
// What a plugin adds of its own to a query and an annotation, and the empty choice of a data source that Grafana fills in.
type Query = { refId: string } & Record<string, unknown>
type Annotation = Omit<Plain<AnnotationQuery>, 'target'> & { target?: Query, expr?: string, titleFormat?: string, textFormat?: string, step?: string, useValueForTime?: string }
type Variable = Omit<Plain<VariableModel>, 'current'> & { current: Plain<VariableOption> | Record<string, never> }
type Board = Omit<Plain<Dashboard>, 'annotations' | 'templating'> & { annotations: { list: Annotation[] }, templating: { list: Variable[] } }
`

function name(kind) { return 'kind_' + kind.replace('-', '') }

// panels lists all panels, those of collapsed rows too.
function panels(board) { return board.panels.flatMap((p) => (p.type === 'row' ? p.panels : [p])) }

// program gives the TypeScript of one dashboard.
function program(board) {
  const lines = [head, `export const board: Board = ${JSON.stringify(board, null, 1)}`]
  for (const p of panels(board)) {
    if (!(p.type in kinds)) throw new Error(`panel ${p.id}: no types for ${p.type}`)
    lines.push(`export const options_${p.id}: Plain<Partial<${name(p.type)}.Options>> = ${JSON.stringify(p.options)}`)
    const custom = p.fieldConfig.defaults.custom
    if (withFields.includes(p.type)) {
      lines.push(`export const fields_${p.id}: Plain<Partial<${name(p.type)}.FieldConfig>> = ${JSON.stringify(custom)}`)
    } else if (Object.keys(custom).length > 0) throw new Error(`panel ${p.id}: ${p.type} has no custom fields`)
    const cells = p.fieldConfig.overrides.flatMap((o) => o.properties).filter((o) => o.id === 'custom.cellOptions')
    cells.forEach((cell, i) => lines.push(`export const cell_${p.id}_${i}: Plain<TableCellOptions> = ${JSON.stringify(cell.value)}`))
  }
  return lines.join('\n')
}

const folder = process.argv[2]
const work = mkdtempSync(join(import.meta.dirname, 'checked-'))
try {
  const files = readdirSync(folder).filter((f) => f.endsWith('.json')).map((f) => {
    const file = join(work, f.replace('.json', '.ts'))
    writeFileSync(file, program(JSON.parse(readFileSync(join(folder, f), 'utf8'))))
    return file
  })
  const checked = ts.createProgram(files, {
    noEmit: true, strict: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  })
  const errors = ts.getPreEmitDiagnostics(checked)
  process.stdout.write(ts.formatDiagnostics(errors, { getCanonicalFileName: (f) => f, getCurrentDirectory: () => work, getNewLine: () => '\n' }))
  console.log(`${files.length} dashboards, ${errors.length} errors`)
  process.exitCode = errors.length === 0 ? 0 : 1
} finally {
  rmSync(work, { recursive: true })
}
