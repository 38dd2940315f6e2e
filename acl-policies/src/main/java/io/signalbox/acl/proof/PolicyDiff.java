package io.signalbox.acl.proof;

import io.signalbox.acl.decision.PolicyBundle;
import java.util.ArrayList;
import java.util.List;

/**
 * Who gains and who loses what between two bundles: in messages that can be published or received,
 * at which QoS and in which share groups, and Client Identifiers that can be connected with. Acl
 * claims of tokens are not looked at.
 *
 * @param changes none: no client can do anything that it could not do before, and the other way
 *     round
 */
public record PolicyDiff(List<Change> changes) {
  public PolicyDiff {
    changes = List.copyOf(changes);
  }

  /** After half a minute of searches at worst, the changes that are left are told as perhaps. */
  public static PolicyDiff between(PolicyBundle before, PolicyBundle after) {
    return between(before, after, Effort.ofOneAnswer());
  }

  /**
   * @param effort beyond it, the changes that are left are told as perhaps
   */
  public static PolicyDiff between(PolicyBundle before, PolicyBundle after, Effort effort) {
    List<Change> changes = new ArrayList<>(new Gains(before, after, true, effort).find());
    changes.addAll(new Gains(after, before, false, effort).find());
    return new PolicyDiff(changes);
  }

  public boolean isEmpty() {
    return changes.isEmpty();
  }

  /** A change a line. */
  public String text() {
    if (changes.isEmpty()) {
      return "no client gains or loses anything\n";
    }
    StringBuilder text = new StringBuilder();
    changes.forEach(change -> text.append(change.text()).append('\n'));
    return text.toString();
  }
}
