package io.signalbox.acl.proof;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.Reason;
import io.signalbox.acl.model.Action;
import org.jspecify.annotations.Nullable;

/**
 * Something that a client may ask for, apart from the topic.
 *
 * @param qos 0..2; of a SUBSCRIBE, the QoS that must be granted
 * @param retain of a PUBLISH
 * @param payloadBytes of a PUBLISH
 * @param shareGroup of a SUBSCRIBE; null when it is not shared
 */
record Request(
    Action action, int qos, boolean retain, int payloadBytes, @Nullable String shareGroup) {
  /**
   * Whether the client gets it. A SUBSCRIBE is for one topic, and the message on it is delivered.
   *
   * @param topic Topic Name, or the Client Identifier of a CONNECT, which the client then has
   */
  Decision ask(BoundPolicies bound, String topic) {
    return switch (action) {
      case CONNECT -> bound.decideConnect();
      case PUBLISH -> bound.decidePublish(topic, qos, retain, payloadBytes);
      case SUBSCRIBE, RECEIVE -> {
        var subscribe = bound.decideSubscribe(topic, qos, shareGroup);
        Decision receive = bound.decideReceive(topic);
        if (subscribe.allowed() && receive != null) {
          yield receive;
        }
        boolean lower = subscribe.allowed() && subscribe.grantedQos() < qos;
        yield lower
            ? new Decision(false, Reason.MAX_QOS, subscribe.decision().statement(), bound.bundle())
            : subscribe.decision();
      }
    };
  }
}
