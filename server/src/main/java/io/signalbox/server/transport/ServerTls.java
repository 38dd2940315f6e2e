package io.signalbox.server.transport;

import io.signalbox.server.config.ListenerConfig.ClientCertificate;
import io.undertow.protocols.ssl.UndertowXnioSsl;
import io.undertow.server.BasicSSLSessionInfo;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.SSLSessionInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.xnio.OptionMap;
import org.xnio.StreamConnection;
import org.xnio.ssl.SslConnection;

/**
 * TLS of all listeners: one context, and the threads that do the expensive part of handshakes. Any
 * thread.
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
  private final String[] cipherSuites;
  private final String[] groups;
  private final HandshakeSteps steps;
  private final UndertowXnioSsl ssl;
  private final HandshakeQueue[] queues;

  static {
    refuseRenegotiation();
    waitForKeyUpdates();
  }

  /**
   * While the peer's new key is on its way, its records say 0 to Undertow, which closes after a
   * hundred runs of its read listener that had no more. A window of the smallest records is less
   * than this.
   */
  private static void waitForKeyUpdates() {
    if (System.getProperty("io.undertow.ssl.max-read-listener-invocations") == null) {
      System.setProperty("io.undertow.ssl.max-read-listener-invocations", "1000000");
    }
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
   * Gives handshakes their threads.
   *
   * @param protocols as JSSE names them, best first
   * @param mayWait whether a handshake may wait for another machine, such as an OCSP responder
   * @param waitMax how long a handshake may wait for its turn before its connection is turned away
   * @param onFirst called once, on an I/O thread, after the first handshake; must not block
   */
  public ServerTls(
      IoLoops loops,
      SSLContext context,
      List<String> protocols,
      boolean mayWait,
      Duration waitMax,
      Runnable onFirst) {
    this.protocols = protocols.toArray(String[]::new);
    this.onFirst = onFirst;
    SSLParameters defaults = context.getDefaultSSLParameters();
    this.cipherSuites = quickestFirst(withoutFiniteFields(defaults.getCipherSuites()));
    this.groups =
        withoutFiniteFields(context.createSSLEngine().getSSLParameters().getNamedGroups());
    this.steps =
        new HandshakeSteps(
            loops.count(),
            loops::current,
            mayWait,
            System::nanoTime,
            ProcessorTime::nanos,
            loops.metrics());
    this.ssl =
        new UndertowXnioSsl(
            LoadedXnio.INSTANCE,
            OptionMap.EMPTY,
            new DefaultByteBufferPool(true, RECORD_BUFFER_BYTES, -1, RECORD_BUFFERS_PER_THREAD),
            context,
            steps);
    this.queues = new HandshakeQueue[loops.count()];
    for (int i = 0; i < queues.length; i++) {
      queues[i] =
          new HandshakeQueue(
              loops.loop(i), steps, waitMax.toMillis(), loops.metrics().tlsHandshakesWaiting);
    }
  }

  /** Where the connections of an I/O thread wait, if they must, for {@link #wrap}. */
  HandshakeQueue queue(int ioThread) {
    return queues[ioThread];
  }

  /**
   * Diffie-Hellman over finite fields costs a server up to a tenth of a second for each handshake
   * that a client only begins (CVE-2002-20001), and every client that knows it knows elliptic
   * curves.
   */
  private static String[] withoutFiniteFields(String[] names) {
    return Arrays.stream(names)
        .filter(name -> !name.startsWith("TLS_DHE_") && !name.startsWith("ffdhe"))
        .toArray(String[]::new);
  }

  /**
   * AES-GCM with keys of 128 bits and SHA-256 before 256 and SHA-384: nobody can break either, and
   * handshakes and records cost less with the shorter ones. CBC last; else the JDK's order.
   */
  private static String[] quickestFirst(String[] suites) {
    return Arrays.stream(suites)
        .sorted(
            Comparator.comparing((String suite) -> !suite.contains("_AES_128_GCM_"))
                .thenComparing(suite -> suite.contains("_CBC_")))
        .toArray(String[]::new);
  }

  /** Made with the first handshake: the platform's management takes its time to load. */
  private static final class ProcessorTime {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final boolean KNOWN = THREADS.isCurrentThreadCpuTimeSupported();

    static long nanos() {
      return KNOWN ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
    }
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
    parameters.setCipherSuites(cipherSuites);
    parameters.setUseCipherSuitesOrder(true);
    parameters.setNamedGroups(groups);
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

  /** The session for the HTTP layer, as one of a client that showed none. */
  static SSLSessionInfo withoutCertificates(SSLSession session) {
    try {
      return new BasicSSLSessionInfo(session.getId(), session.getCipherSuite(), null);
    } catch (Exception e) { // Of the certificate that is not given.
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    steps.close();
  }
}
