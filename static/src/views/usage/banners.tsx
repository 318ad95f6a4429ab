// Limits that are near, reached or passed twice, above every page of the organization.

import type { wire } from "@generic-corp/client";
import * as format from "../../format";
import { href } from "../../router";
import { Button, Icon } from "../../ui/basics";
import { CHARGED, type Level, isEndless, level, meter } from "../../usage/meters";
import * as usage from "../../usage/organization";

export function UsageBanners({ organization }: { organization: wire.Organization }) {
  const report = usage.report.value;
  if (!report || report.organization !== organization.id) return null;
  const overage = usage.planOf(report.plan)?.beyond === "overage";
  const { overage_ceiling_cents: ceiling, cost } = report;
  const stopped = ceiling !== undefined && overage && cost.overage_cents >= ceiling;
  const monthly = report.limits.find(({ resets_at }) => resets_at)?.resets_at;
  const reached = stopped ? { meter: "overage_ceiling_cents", used: cost.overage_cents, limit: ceiling, ...(monthly && { resets_at: monthly }) } : undefined;
  return (
    <>
      {reached && !usage.isDismissed(organization.id, reached, 100) && (
        <Banner organization={organization} limit={reached} level={100}>
          <strong class="number">{format.cents(ceiling ?? 0)}</strong> beyond the plan are used up, the most that your owners allow in a month.
          {" "}Publishing, writing streams and changes over the API stop for everybody; reading works.
        </Banner>
      )}
      {report.limits.map((limit) => {
        const at = isEndless(limit) ? undefined : level(limit);
        if (!at || usage.isDismissed(organization.id, limit, at)) return null;
        const { name, show, stops, works } = meter(limit.meter);
        return (
          <Banner key={limit.meter} organization={organization} limit={limit} level={at}>
            <strong>{name}: <span class="number">{show(limit.used)} of {show(limit.limit)}</span></strong> used.
            {at === 80 ? ` At the limit: ${after(limit, overage, stops, works)}` : ` ${after(limit, overage, stops, works)}`}
          </Banner>
        );
      })}
    </>
  );
}

/** What holds at a limit. Members, rooms and the like stop on every plan. */
function after(limit: wire.UsageLimit, overage: boolean, stops: string, works: string): string {
  const charged = overage && (limit.resets_at !== undefined || limit.meter === "stored_bytes");
  return charged ? CHARGED : `${stops} ${works}`;
}

function Banner({ organization, limit, level, children }: { organization: wire.Organization; limit: wire.UsageLimit; level: Level; children: preact.ComponentChildren }) {
  return (
    <div class={`banner ${level === 80 ? "warn" : "bad"}`} role="status">
      <Icon name={level === 80 ? "gauge" : "warning"} />
      <span>
        {children}
        {limit.resets_at && <> Begins anew <time dateTime={limit.resets_at}>{format.moment(limit.resets_at)}</time>.</>}
        {" "}<a href={href("o", organization.slug, "usage")}>Usage</a>
      </span>
      <Button kind="quiet" onClick={() => usage.dismiss(organization.id, limit, level)} aria-label={`Dismiss: ${meter(limit.meter).name}, ${level} %`}>Dismiss</Button>
    </div>
  );
}
