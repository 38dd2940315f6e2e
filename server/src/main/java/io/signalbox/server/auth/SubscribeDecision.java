package io.signalbox.server.auth;

import io.signalbox.server.packet.Qos;

/**
 * Whether a Topic Filter is granted.
 *
 * @param maximumQos the granted QoS, at most the requested one
 * @param checkEachMessage some messages that match the filter must still not be received: ask
 *     {@link Authorizer#receive} for each
 * @param rule as in {@link AccessDecision}
 * @param bundle as in {@link AccessDecision}
 */
public record SubscribeDecision(
    boolean allowed, Qos maximumQos, boolean checkEachMessage, String rule, String bundle) {

  /** For the log: the rule and the policies it is from. */
  public String audit() {
    return AccessDecision.audit(rule, bundle);
  }
}
