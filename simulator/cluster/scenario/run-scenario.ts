import { whenStopped } from '../../cli/stop-signals.js';
import { type ClusterReport, countByAction, outcomesOf, reportOf } from './report.js';
import { type Notice, type ScenarioName, SCENARIOS } from './scenarios.js';
import { ClusterStage } from './stage.js';

export interface ScenarioPlan {
  scenario: ScenarioName;
  pods: number;
  calls: number;
  seed: number;
  /** For `kill`. */
  notice: Notice;
  /** More settings of the gateways. */
  env?: Record<string, string>;
}

const ALL_OVER_MS = 15_000;

/**
 * Starts a cluster, lets it happen, takes everything down again.
 * @param say is told what happens, in words
 * @returns undefined when stopped
 * @throws NoRedisServer, or GatewayFailed where a gateway does not start
 */
export async function runScenario(
  plan: ScenarioPlan,
  stopped: AbortSignal,
  say?: (text: string) => void,
): Promise<ClusterReport | undefined> {
  const { scenario: name, pods, seed, calls, notice } = plan;
  const scenario = SCENARIOS[name];
  let stage: ClusterStage | undefined;
  try {
    say?.(`${pods} gateways start, with a Redis between them and a load balancer in front`);
    stage = await ClusterStage.set({
      ...{ pods, seed, stopped, say },
      env: { ...scenario.env, ...plan.env },
      telnyx: scenario.telnyx(notice),
    });
    // What is under way when stopped ends by itself, once nothing of the cluster is there any more.
    const happened = await Promise.race([scenario.run(stage, calls), whenStopped(stopped)]);
    if (happened === undefined || stopped.aborted) return undefined;
    const { cluster, callers } = stage;
    const problems = [...happened.problems];
    await cluster.waitForNoCalls(ALL_OVER_MS).catch((error: Error) => problems.push(error.message));
    const facts = {
      ...{ scenario: name, pods, seed },
      commands: countByAction(cluster.telnyx.requests),
      generatorLateMs: Math.round(cluster.telnyx.maxLagMs),
    };
    return reportOf(facts, outcomesOf(callers, happened), problems);
  } catch (error) {
    // What breaks when everything is taken down is no news.
    if (stopped.aborted) return undefined;
    throw error;
  } finally {
    await stage?.close();
  }
}
