package io.signalbox.pki;

import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * A TLS handshake between two engines in memory: no sockets, no threads, and each side's own
 * exception.
 */
final class MemoryHandshake {
  private static final int TURNS_MAX = 100;

  private final SSLEngine client;
  private final SSLEngine server;

  MemoryHandshake(
      SSLContext clientContext, SSLContext serverContext, String protocol, String host) {
    client = clientContext.createSSLEngine(host, 443);
    client.setUseClientMode(true);
    SSLParameters parameters = client.getSSLParameters();
    parameters.setProtocols(new String[] {protocol});
    parameters.setServerNames(List.of(new SNIHostName(host)));
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    client.setSSLParameters(parameters);
    server = serverContext.createSSLEngine();
    server.setUseClientMode(false);
    server.setNeedClientAuth(true);
  }

  /** The only named group that the client knows. */
  MemoryHandshake in(String group) {
    SSLParameters parameters = client.getSSLParameters();
    parameters.setNamedGroups(new String[] {group});
    client.setSSLParameters(parameters);
    return this;
  }

  /** The only signature schemes that the client knows, the one it likes best first. */
  MemoryHandshake signedBy(String... schemes) {
    SSLParameters parameters = client.getSSLParameters();
    parameters.setSignatureSchemes(schemes);
    client.setSSLParameters(parameters);
    return this;
  }

  /** Runs until both sides are done; throws what the failing side threw. */
  MemoryHandshake run() throws SSLException {
    ByteBuffer toServer = ByteBuffer.allocate(1 << 17);
    ByteBuffer toClient = ByteBuffer.allocate(1 << 17);
    client.beginHandshake();
    server.beginHandshake();
    for (int turn = 0; turn < TURNS_MAX; turn++) {
      boolean clientMoved = step(client, toClient, toServer);
      boolean serverMoved = step(server, toServer, toClient);
      if (!clientMoved && !serverMoved && isDone(client) && isDone(server)) {
        return this;
      }
    }
    throw new AssertionError(
        "the handshake does not end: "
            + client.getHandshakeStatus()
            + ", "
            + server.getHandshakeStatus());
  }

  String serverSubject() throws SSLPeerUnverifiedException {
    return subject(client);
  }

  String clientSubject() throws SSLPeerUnverifiedException {
    return subject(server);
  }

  private static boolean step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
    int before = out.position();
    if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
      engine.wrap(ByteBuffer.allocate(0), out);
    }
    in.flip();
    int available = in.remaining();
    if (available > 0) {
      engine.unwrap(in, ByteBuffer.allocate(1 << 15));
    }
    boolean consumed = in.remaining() < available;
    in.compact();
    return consumed || out.position() > before;
  }

  private static boolean isDone(SSLEngine engine) {
    return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
  }

  private static String subject(SSLEngine engine) throws SSLPeerUnverifiedException {
    return ((X509Certificate) engine.getSession().getPeerCertificates()[0])
        .getSubjectX500Principal()
        .getName();
  }
}
