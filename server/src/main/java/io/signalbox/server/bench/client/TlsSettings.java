package io.signalbox.server.bench.client;

import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * How clients speak TLS. The server's name is always verified.
 *
 * @param contexts one for each client certificate; clients take them in turns
 * @param resumes whether a client may go on with an earlier client's TLS session
 * @param protocols of {@code TLSv1.3} and {@code TLSv1.2}; the newest that the broker speaks too is
 *     taken
 */
public record TlsSettings(List<SSLContext> contexts, boolean resumes, List<String> protocols) {
  /** All that are good. */
  public static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

  public TlsSettings {
    contexts = List.copyOf(contexts);
    protocols = List.copyOf(protocols);
    if (contexts.isEmpty()) {
      throw new IllegalArgumentException("no TLS context");
    }
    if (protocols.isEmpty()) {
      throw new IllegalArgumentException("no version of TLS");
    }
  }

  SSLEngine engine(Endpoint endpoint, int clientNumber) {
    SSLContext context = contexts.get(clientNumber % contexts.size());
    // The JDK looks sessions up by host and port and uses the port for nothing else: a port of its
    // own each keeps clients from resuming.
    int port = resumes ? endpoint.port() : clientNumber;
    SSLEngine engine = context.createSSLEngine(endpoint.host(), port);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setProtocols(protocols.toArray(String[]::new));
    engine.setSSLParameters(parameters);
    return engine;
  }
}
