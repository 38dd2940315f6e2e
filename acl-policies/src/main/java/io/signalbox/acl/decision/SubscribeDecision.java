package io.signalbox.acl.decision;

/**
 * An answer to one Topic Filter of a SUBSCRIBE.
 *
 * @param grantedQos 0..2, never above what was requested; meaningless when refused
 * @param receiveCheck ask {@link BoundPolicies#decideReceive} about every message delivered for
 *     this subscription, because a part of it is denied
 */
public record SubscribeDecision(Decision decision, int grantedQos, boolean receiveCheck) {
  public boolean allowed() {
    return decision.allowed();
  }

  static SubscribeDecision refused(Decision decision) {
    return new SubscribeDecision(decision, 0, false);
  }
}
