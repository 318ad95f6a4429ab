// What was used day by day: a drawing, and the same as a table.

import type { wire } from "@generic-corp/client";
import { useMemo, useState } from "preact/hooks";
import * as api from "../../api";
import * as format from "../../format";
import { Button, ErrorNote, Segmented } from "../../ui/basics";
import { Select, save } from "../../ui/form";
import { lazy } from "../../ui/lazy";
import { Section, Table } from "../../ui/page";
import { useAction, useApi } from "../../ui/use-api";
import { SERIES, type Series, isEndless } from "../../usage/meters";
import { dayOf, daysBefore, firstOfLastMonth, firstOfMonth, lines } from "../../usage/series";
import { type ChartProps, limitFits } from "./fit";

const Chart = lazy<ChartProps>(() => import("./chart").then((file) => file.Chart), { part: true });

export type Span = "month" | "last" | "quarter";
const SPANS: readonly (readonly [Span, string])[] = [["month", "This month"], ["last", "Last month"], ["quarter", "The last 90 days"]];
const MODES = [{ value: "summed", label: "Summed up" }, { value: "each", label: "Each day" }] as const;

/** The first and last day of a stretch, as the API takes them. */
export function daysOf(span: Span, now = Date.now()): { from: string; to: string } {
  const today = dayOf(now);
  if (span === "last") return { from: firstOfLastMonth(today), to: daysBefore(firstOfMonth(today), 1) };
  return { from: span === "month" ? firstOfMonth(today) : daysBefore(today, 89), to: today };
}

export function SpanSelect({ value, onChange }: { value: Span; onChange: (span: Span) => void }) {
  return <Select label="Days" options={SPANS} value={value} onChange={(event) => onChange(event.currentTarget.value as Span)} />;
}

/** Downloads a report as CSV. */
export function CsvButton({ organization, from, to, by }: { organization: string; from: string; to: string; by: string }) {
  const { busy, error, run } = useAction();
  const download = async () => {
    const answer = await api.request(api.organizationPath(organization, `/usage?from=${from}&to=${to}&by=${by}&format=csv`), { headers: { accept: "text/csv" } });
    save(await answer.blob(), `usage-${from}-${to}-by-${by}.csv`);
  };
  return (
    <>
      <ErrorNote error={error} />
      <Button icon="download" busy={busy} onClick={() => void run(download)} aria-label={`Download CSV by ${by}`}>CSV</Button>
    </>
  );
}

export function History({ organization, span, setSpan }: { organization: string; span: Span; setSpan: (span: Span) => void }) {
  const { from, to } = daysOf(span);
  const { data, error } = useApi<wire.UsageReport>(api.organizationPath(organization, `/usage?from=${from}&to=${to}&by=day`));
  const [name, setName] = useState(SERIES[0]?.value ?? "");
  const [asked, setMode] = useState<"summed" | "each">();
  const series = SERIES.find(({ value }) => value === name) as Series;
  const found = data?.limits.find(({ meter }) => meter === series.limit);
  const limit = found && !isEndless(found) ? found.limit : undefined;
  const mode = asked ?? "summed";
  const drawn = useMemo(() => data && lines(new Map(data.rows.map((row) => [row.group, series.of(row)])), from, to, Date.now()), [data, series, from, to]);
  return (
    <Section title="Day by day" intro="Days are those of UTC." actions={<CsvButton organization={organization} from={from} to={to} by="day" />}>
      <div class="filters">
        <SpanSelect value={span} onChange={setSpan} />
        <Select label="What" options={SERIES.map(({ value, label }) => [value, label] as const)} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Segmented label="How" options={MODES} value={mode} onChange={setMode} />
      </div>
      <ErrorNote error={error} />
      {data && drawn && <Drawing data={data} lines={drawn} series={series} mode={mode} limit={limit} />}
    </Section>
  );
}

function Drawing({ data, ...props }: ChartProps & { data: wire.UsageReport }) {
  const { lines, series, mode, limit } = props;
  const sum = data.rows.reduce((total, row) => total + series.of(row), 0);
  const end = lines.forecast.at(-1);
  return (
    <>
      <figure>
        <div class="chart-place"><Chart {...props} /></div>
        <figcaption class="legend">
          <span><span class="swatch used" />{series.label}: <strong class="number">{series.show(sum)}</strong></span>
          {mode === "summed" && end != null && <span><span class="swatch forecast" />at the month's end, as it goes: <strong class="number">{series.show(Math.round(end))}</strong></span>}
          {mode === "summed" && limit !== undefined && <span><span class="swatch limit" />the plan's limit in a month: <strong class="number">{series.show(limit)}</strong>{!limitFits(props) && ", far above"}</span>}
        </figcaption>
      </figure>
      <details class="twin">
        <summary>The same as a table</summary>
        <Table label={`${series.label} by day`} head={["Day", "On the day", "Since the month began"]}>
          {lines.days.flatMap((day, i) => {
            const each = lines.each[i];
            if (each == null) return [];
            return [
              <tr key={day}>
                <th scope="row"><time dateTime={day}>{format.calendarDay(day)}</time></th>
                <td class="number" data-label="On the day">{series.show(each)}</td>
                <td class="number" data-label="Since the month began">{series.show(lines.summed[i] ?? 0)}</td>
              </tr>,
            ];
          }).reverse()}
        </Table>
      </details>
    </>
  );
}
