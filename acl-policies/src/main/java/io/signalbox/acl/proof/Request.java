package io.signalbox.acl.proof;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.Reception;
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
   * Whether the client gets it; of a SUBSCRIBE, whether some subscription brings messages on the
   * topic.
   *
   * @param topic Topic Name, or the Client Identifier of a CONNECT, which the client then has
   */
  Decision ask(BoundPolicies bound, String topic) {
    return switch (action) {
      case CONNECT -> bound.decideConnect();
      case PUBLISH -> bound.decidePublish(topic, qos, retain, payloadBytes);
      case SUBSCRIBE, RECEIVE -> Reception.of(bound, topic, qos, shareGroup).decision();
    };
  }
}
