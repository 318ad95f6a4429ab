// The plan: what it gives, and how it is changed, by Stripe where plans are for sale.

import type { wire } from "@generic-corp/client";
import * as api from "../../api";
import * as format from "../../format";
import { owns } from "../../may";
import { href } from "../../router";
import { Button, Command, ErrorNote, Icon } from "../../ui/basics";
import { Section } from "../../ui/page";
import { useAction, useApi } from "../../ui/use-api";
import { meter } from "../../usage/meters";

const SHOWN = ["messages_per_month", "agent_minutes_per_month", "api_calls_per_month", "stored_bytes"] as const;
/** Numbers that no machine reaches. */
const ENDLESS = 1e12;

export function Billing({ organization }: { organization: wire.Organization }) {
  const billing = useApi<wire.BillingStatus>(api.organizationPath(organization.slug, "/billing"));
  const plans = useApi<wire.Plan[]>("/plans");
  const { busy, error, run } = useAction();
  const status = billing.data;
  const shown = plans.data?.filter(({ plan }) => plan === status?.plan || status?.for_sale.includes(plan));
  const go = (path: string, body?: wire.Checkout) => run(async () => {
    const { url } = await api.json<wire.BillingPage>(api.organizationPath(organization.slug, path), { method: "POST", ...(body && { body }) });
    location.assign(url);
  });
  const subscribed = status?.status !== undefined && status.status !== "canceled" && status.status !== "incomplete_expired";
  return (
    <Section
      title="Plan and billing"
      intro={<a href={href("o", organization.slug, "usage")}>Usage and limits</a>}
      actions={owns(organization) && status?.status !== undefined && <Button icon="card" busy={busy} onClick={() => void go("/billing/portal")}>Manage at Stripe</Button>}
    >
      <ErrorNote error={billing.error ?? plans.error ?? error} />
      {status && <Standing status={status} />}
      {status && shown && (
        <ul class="plans" aria-label="Plans">
          {shown.map((plan) => {
            const own = plan.plan === status.plan;
            return (
              <li key={plan.plan} class={`card ${own ? "own" : ""}`}>
                <h3>{plan.name}{own && <span class="tag">yours</span>}</h3>
                <p class="figure"><strong class="number">{format.cents(plan.price_usd_per_month * 100)}</strong> a month</p>
                <ul>{facts(plan).map((fact) => <li key={fact}>{fact}</li>)}</ul>
                {!own && owns(organization) && !subscribed && <Button kind="primary" busy={busy} onClick={() => void go("/billing/checkout", { plan: plan.plan })}>Buy {plan.name}</Button>}
              </li>
            );
          })}
        </ul>
      )}
      {status && status.for_sale.length === 0 && (
        <>
          <p>On this hub its operator gives plans, on the command line:</p>
          <Command label="Command for the operator" text={`generic-corp admin plan ${organization.slug} ${plans.data?.find(({ plan }) => plan !== status.plan)?.plan ?? "PLAN"}`} />
        </>
      )}
      {status && status.for_sale.length > 0 && !owns(organization) && <p class="muted">Owners buy and change plans.</p>}
    </Section>
  );
}

function Standing({ status }: { status: wire.BillingStatus }) {
  if (status.past_due_since) {
    return (
      <p class="note bad">
        <Icon name="warning" />
        <span>A payment is missing since {format.moment(status.past_due_since)}. The plan is kept for seven days.</span>
      </p>
    );
  }
  if (!status.status) return null;
  return (
    <p class="muted">
      The subscription is {status.status.replaceAll("_", " ")} at Stripe
      {status.period_ends_at && <>, paid for until <time dateTime={status.period_ends_at}>{format.date(status.period_ends_at)}</time></>}.
    </p>
  );
}

function facts(plan: wire.Plan): string[] {
  const amounts = SHOWN.flatMap((name) => {
    const limit = plan.limits[name];
    if (limit === undefined) return [];
    const { show, name: what } = meter(name);
    const monthly = name.endsWith("_per_month") ? " a month" : "";
    return [`${what}: ${limit >= ENDLESS ? "no limit in practice" : `${show(limit)}${monthly}`}`];
  });
  return [
    ...amounts,
    plan.retention_days === undefined ? "Kept for ever" : `Kept for ${format.plural(plan.retention_days, "day")}`,
    plan.beyond === "overage" ? "Goes on beyond its limits, and is charged" : "Stops at its limits, and is never charged",
  ];
}
