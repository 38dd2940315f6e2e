package io.signalbox.acl.tool;

import io.signalbox.acl.model.Action;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks for.
 *
 * @param request Topic Name, Topic Filter (without {@code $share}) or Client Identifier
 * @param qos 0..2
 * @param retain of a PUBLISH
 * @param payloadBytes of a PUBLISH
 * @param shareGroup of a SUBSCRIBE; null when it is not shared
 */
public record AccessRequest(
    Action action,
    String request,
    int qos,
    boolean retain,
    int payloadBytes,
    @Nullable String shareGroup) {
  public AccessRequest(Action action, String request) {
    this(action, request, 0, false, 0, null);
  }
}
