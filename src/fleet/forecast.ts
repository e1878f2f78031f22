import type { Plan } from '../plan/plan.ts'
import type { Estimate, Machine } from './estimate.ts'
import { estimateOf } from './estimate.ts'
import type { ForecastKind } from './step-forecast.ts'
import { forecastSteps } from './step-forecast.ts'
import { warningsOf } from './warnings.ts'

/** What a plan comes to, and what will not work of it, a sentence each. */
export interface Forecast extends Estimate {
  warnings: string[]
}

/** Works out what a plan comes to; `here` is the machine that target local would use. */
export function forecastOf(plan: Plan, here: Machine, kinds: readonly ForecastKind[]): Forecast {
  const steps = forecastSteps(plan, kinds)
  const estimate = estimateOf(plan, steps, here)
  return { ...estimate, warnings: warningsOf(estimate, plan, steps) }
}
