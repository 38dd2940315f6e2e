package io.signalbox.server.transport;

import io.signalbox.server.config.ListenerConfig.ClientCertificate;
import io.undertow.protocols.ssl.UndertowXnioSsl;
import io.undertow.server.DefaultByteBufferPool;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.xnio.OptionMap;
import org.xnio.StreamConnection;
import org.xnio.ssl.SslConnection;

/**
 * TLS of all listeners: one context, and the threads that do the expensive part of handshakes so
 * that no I/O thread does. Any thread.
 *
 * <p>Session tickets carry the client's certificate, so a resumed connection has one that no
 * handshake checked lately: whoever relies on it checks it again at CONNECT.
 */
public final class ServerTls implements AutoCloseable {
  /** A record of 16 KB with its header and tag. */
  private static final int RECORD_BUFFER_BYTES = 17 * 1024;

  private static final int RECORD_BUFFERS_PER_THREAD = 12;

  private final String[] protocols;
  private final Runnable onFirst;
  private final AtomicBoolean used = new AtomicBoolean();
  private final ThreadPoolExecutor executor;
  private final UndertowXnioSsl ssl;

  static {
    refuseRenegotiation();
  }

  /**
   * A client that renegotiates again and again would make us do the work of handshakes on an open
   * connection. The JDK reads this at its first handshake, so it is said before anything connects;
   * TLS 1.3 has no renegotiation.
   */
  public static void refuseRenegotiation() {
    if (System.getProperty("jdk.tls.rejectClientInitiatedRenegotiation") == null) {
      System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    }
  }

  /**
   * Starts the handshake threads.
   *
   * @param protocols as JSSE names them, best first
   * @param threads 1 or more
   * @param waitingMax handshakes that wait for a thread; more are closed at once
   * @param onFirst called once, on an I/O thread, after the first handshake; must not block
   */
  public ServerTls(
      SSLContext context, List<String> protocols, int threads, int waitingMax, Runnable onFirst) {
    this.protocols = protocols.toArray(String[]::new);
    this.onFirst = onFirst;
    AtomicInteger number = new AtomicInteger();
    this.executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            1,
            TimeUnit.MINUTES,
            new ArrayBlockingQueue<>(waitingMax),
            task -> {
              Thread thread = new Thread(task, "signalbox-tls-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    this.ssl =
        new UndertowXnioSsl(
            LoadedXnio.INSTANCE,
            OptionMap.EMPTY,
            new DefaultByteBufferPool(true, RECORD_BUFFER_BYTES, -1, RECORD_BUFFERS_PER_THREAD),
            context,
            executor);
  }

  /** New handshakes use this context; open connections stay, resumption of theirs ends. */
  public void replace(SSLContext context) {
    ssl.updateSSLContext(context);
  }

  /**
   * Puts TLS on an accepted connection; the handshake begins when it is read.
   *
   * @param application the ALPN name; a client that offers others only is refused (RFC 7301), one
   *     that offers none is served
   */
  SslConnection wrap(
      StreamConnection connection, ClientCertificate certificate, String application) {
    SslConnection secured = ssl.wrapExistingConnection(connection, OptionMap.EMPTY, false);
    SSLEngine engine = UndertowXnioSsl.getSslEngine(secured);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(protocols);
    parameters.setUseCipherSuitesOrder(true);
    parameters.setApplicationProtocols(new String[] {application});
    switch (certificate) {
      case NONE -> parameters.setWantClientAuth(false);
      case OPTIONAL -> parameters.setWantClientAuth(true);
      case REQUIRED -> parameters.setNeedClientAuth(true);
    }
    engine.setSSLParameters(parameters);
    return secured;
  }

  /** Told of each handshake that is complete, on its I/O thread. */
  void completed() {
    if (!used.get() && used.compareAndSet(false, true)) {
      onFirst.run();
    }
  }

  /** The client's chain, its own first; empty if it showed none. */
  static List<X509Certificate> certificates(SSLSession session) {
    try {
      Certificate[] chain = session.getPeerCertificates();
      return Arrays.stream(chain)
          .filter(X509Certificate.class::isInstance)
          .map(X509Certificate.class::cast)
          .toList();
    } catch (SSLPeerUnverifiedException _) {
      return List.of();
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
