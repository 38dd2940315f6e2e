package io.signalbox.server.session;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An accepted CONNECT that asks for its session.
 *
 * @param principalId who asks; a session belongs to the principal that created it
 * @param expirySeconds 0..4,294,967,295; the latter: never
 * @param receiveMaximum 1..65,535, the smaller of the client's and our own limit
 * @param topicAliasMaximum 0..65,535, likewise
 * @param answer called once on the connection's I/O thread
 */
public record OpenRequest(
    String clientId,
    boolean cleanStart,
    String principalId,
    long expirySeconds,
    @Nullable SessionWill will,
    int receiveMaximum,
    int topicAliasMaximum,
    ClientConnection connection,
    Consumer<OpenResult> answer) {}
