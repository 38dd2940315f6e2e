package io.signalbox.acl.proof;

import java.util.List;

/** What stands in the way of what is searched for. */
interface Obstacle {
  /** One more demand, under which it may no longer stand in the way. */
  record Way(Demands demands, List<Formula> formulas) {}

  /**
   * Every way around: a client to whom it happens and that satisfies the demands satisfies one of
   * these too.
   */
  List<Way> waysAround(Demands demands);
}
