package io.signalbox.acl.proof;

import io.signalbox.acl.model.Action;
import io.signalbox.acl.subject.Subject;

/**
 * A client and a request of it: the proof that something can happen.
 *
 * @param request Topic Name, Topic Filter or Client Identifier
 * @param qos of the request
 * @param retain of a PUBLISH
 * @param payloadBytes of a PUBLISH
 * @param statement {@code namespace:policy#statement} that allows it
 */
public record Witness(
    Subject subject,
    Action action,
    String request,
    int qos,
    boolean retain,
    int payloadBytes,
    String statement) {
  /**
   * {@code a client with device.id = p7, group = pumps may publish to "ota/x" by file:pump#all}.
   */
  @Override
  public String toString() {
    return "a client with %s may %s \"%s\"%s by %s"
        .formatted(
            SubjectText.of(subject),
            switch (action) {
              case CONNECT -> "connect as";
              case PUBLISH -> "publish to";
              case SUBSCRIBE -> "subscribe to";
              case RECEIVE -> "receive";
            },
            request,
            retain ? " with RETAIN" : "",
            statement);
  }
}
