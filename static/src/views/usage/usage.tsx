// Usage and limits of an organization: how full the plan is, day by day, who used it, what it costs.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import * as format from "../../format";
import { manages, organizationOf, owns } from "../../may";
import { href } from "../../router";
import { Button, ErrorNote, Field, Icon } from "../../ui/basics";
import { FormDialog } from "../../ui/form";
import { Page, Section, Table } from "../../ui/page";
import { useAction, useList } from "../../ui/use-api";
import { isEndless, level, meter, share } from "../../usage/meters";
import * as usage from "../../usage/organization";
import { Breakdown } from "./breakdown";
import { History, type Span } from "./history";

export function Usage({ organization: name }: { organization: string }) {
  const organization = organizationOf(name);
  const [span, setSpan] = useState<Span>("month");
  const report = usage.report.value;
  if (!organization) return null;
  const plan = usage.planOf(report?.plan);
  const resets = report?.limits.find(({ resets_at }) => resets_at)?.resets_at;
  const intro = (
    <>
      {plan?.name ?? organization.plan} plan
      {plan && plan.price_usd_per_month > 0 && <> · <span class="number">{format.cents(plan.price_usd_per_month * 100)}</span> a month</>}
      {resets && <> · the month's limits begin anew <time dateTime={resets}>{format.moment(resets)}</time></>}
    </>
  );
  const change = manages(organization) && <a class="button plain" href={href("o", organization.slug, "organization")}><Icon name="card" /><span>Plan</span></a>;
  return (
    <Page title="Usage and limits" intro={intro} actions={change} wide>
      {!manages(organization) && <p class="note"><Icon name="info" /><span>The limits are those of {organization.name}. Days and tables show what you used yourself.</span></p>}
      {report && <Gauges limits={report.limits} />}
      {report && plan && <Cost report={report} plan={plan} organization={organization} />}
      <History organization={organization.slug} span={span} setSpan={setSpan} />
      <Breakdown organization={organization.slug} span={span} />
      {manages(organization) && <Alerts organization={organization} />}
    </Page>
  );
}

function Gauges({ limits }: { limits: readonly wire.UsageLimit[] }) {
  return (
    <ul class="gauges" aria-label="Limits">
      {limits.map((limit) => {
        const { name, show } = meter(limit.meter);
        const endless = isEndless(limit);
        const at = endless ? undefined : level(limit);
        return (
          <li key={limit.meter} class={`gauge ${at === 80 ? "warn" : at ? "bad" : ""}`}>
            <p><strong>{name}</strong>{!endless && <span class="number">{format.percent(share(limit))}</span>}</p>
            {!endless && (
              <div class="meter" role="meter" aria-label={name} aria-valuemin={0} aria-valuemax={limit.limit} aria-valuenow={Math.min(limit.used, limit.limit)} aria-valuetext={`${show(limit.used)} of ${show(limit.limit)}`}>
                <span style={{ "--share": Math.min(share(limit), 1) }} />
              </div>
            )}
            <p class="muted number">
              {show(limit.used)} {endless ? "· no limit in practice" : <>of {show(limit.limit)}</>}
              {limit.resets_at && " this month"}
            </p>
          </li>
        );
      })}
    </ul>
  );
}

function Cost({ report, plan, organization }: { report: wire.UsageReport; plan: wire.Plan; organization: wire.Organization }) {
  const [asking, setAsking] = useState(false);
  const { busy, error, run } = useAction();
  if (plan.beyond !== "overage") {
    return <p class="muted">At a limit of the month this plan stops and charges nothing. Reading works at every stop.</p>;
  }
  const { cost, overage_ceiling_cents: ceiling } = report;
  const set = async (cents: number | null) => {
    await api.json(api.organizationPath(organization.slug, "/limits"), { method: "PATCH", body: { overage_ceiling_cents: cents } satisfies wire.OrganizationLimits });
    await usage.reload();
  };
  const projected = Math.max(0, cost.projected_cents - cost.price_cents);
  return (
    <Section
      title="What this month costs"
      actions={owns(organization) && (
        <>
          <Button onClick={() => setAsking(true)}>{ceiling === undefined ? "Set a ceiling" : "Change the ceiling"}</Button>
          {ceiling !== undefined && <Button kind="quiet" busy={busy} onClick={() => void run(() => set(null))}>Lift it</Button>}
        </>
      )}
    >
      <ErrorNote error={error} />
      <dl class="facts">
        <div><dt>Price of the plan</dt><dd class="number">{format.cents(cost.price_cents)}</dd></div>
        <div><dt>Beyond the limits, up to now</dt><dd class="number">{format.cents(cost.overage_cents)}</dd></div>
        <div><dt>At the month's end, as it goes</dt><dd class="number">{format.cents(cost.projected_cents)}</dd></div>
        <div><dt>Ceiling beyond the price</dt><dd class="number">{ceiling === undefined ? "none" : format.cents(ceiling)}</dd></div>
      </dl>
      {ceiling !== undefined && projected > ceiling && <p class="note bad"><Icon name="warning" /><span>As it goes, the ceiling is reached before the month ends. Then publishing, streams and changes stop for everybody.</span></p>}
      {asking && (
        <FormDialog title="A ceiling for the month" action="Set the ceiling" onClose={() => setAsking(false)} send={({ dollars = "" }) => set(Math.round(Number(dollars) * 100))}>
          <Field
            label="US dollars" name="dollars" type="number" min={0} max={1_000_000} step="0.01" required autoFocus defaultValue={ceiling === undefined ? "" : String(ceiling / 100)}
            hint="The most that may be charged beyond the plan's price in a month. At it, work stops; reading goes on."
          />
        </FormDialog>
      )}
    </Section>
  );
}

function Alerts({ organization }: { organization: wire.Organization }) {
  const { data, error } = useList<wire.Alert>(api.organizationPath(organization.slug, "/alerts"));
  return (
    <Section title="Alerts" intro={<>Written once for a limit, level and month. <a href={href("o", organization.slug, "organization")}>Where they are sent</a></>}>
      <ErrorNote error={error} />
      {data?.length === 0 && <p class="muted">No limit came to 80 % yet.</p>}
      {data && data.length > 0 && (
        <Table label="List of alerts" head={["When", "Limit", "Level", "Used then", "Month"]}>
          {data.map((alert) => {
            const { name, show } = meter(alert.meter);
            return (
              <tr key={alert.id}>
                <th scope="row"><time dateTime={alert.time}>{format.dateTime(alert.time)}</time></th>
                <td data-label="Limit">{name}</td>
                <td data-label="Level"><span class={`status ${alert.level === 80 ? "warn" : "bad"}`}>{format.percent(alert.level / 100)}</span></td>
                <td class="number" data-label="Used">{show(alert.used)} of {show(alert.limit)}</td>
                <td class="number" data-label="Month">{alert.period}</td>
              </tr>
            );
          })}
        </Table>
      )}
    </Section>
  );
}
