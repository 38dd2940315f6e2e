package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.TlsContexts;
import io.signalbox.server.cli.RunningBroker;
import io.signalbox.server.config.ConfigReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator has switched off to be safer, is off. */
final class SwitchesTest {
  private static final String ON =
      "listeners: [{ name: w, type: wss, bind: [127.0.0.1], port: 0 }]\n";
  private static final String OFF =
      """
      admin: { local-token: false }
      tls: { protocols: [TLSv1.3] }
      enrolment: { est: false }
      """;

  @TempDir Path folder;

  /** The first broker leaves what was good when all was on. */
  @Test
  void whatIsSwitchedOffIsRefused() throws Exception {
    serve(
        ON,
        (address, tls) -> {
          assertEquals(200, status(address, tls, "/api/v1/server-info", token()));
          assertEquals(200, status(address, tls, "/.well-known/est/cacerts", ""));
          assertEquals("TLSv1.2", handshake(address, tls, "TLSv1.2"));
        });
    serve(
        ON + OFF,
        (address, tls) -> {
          assertEquals(401, status(address, tls, "/api/v1/server-info", token()));
          assertEquals(404, status(address, tls, "/.well-known/est/cacerts", ""));
          var refused =
              assertThrows(SSLHandshakeException.class, () -> handshake(address, tls, "TLSv1.2"));
          assertTrue(refused.toString().contains("protocol_version"), refused::toString);
          assertEquals("TLSv1.3", handshake(address, tls, "TLSv1.3"));
        });
  }

  private interface Client {
    void talksTo(InetSocketAddress address, SSLContext tls) throws Exception;
  }

  private void serve(String yaml, Client client) throws Exception {
    RunningBroker broker =
        Broker.start(ConfigReader.parse(yaml).withDataDirectory(folder.resolve("data")));
    try {
      InetSocketAddress address = broker.listening().getFirst().address();
      client.talksTo(
          address,
          TlsContexts.client(
              List.of(DevelopmentPki.rootOf(folder.resolve("data/pki"))), Optional.empty()));
    } finally {
      broker.stop();
    }
  }

  private String token() throws Exception {
    return Files.readString(folder.resolve("data/admin.token")).strip();
  }

  private static int status(InetSocketAddress address, SSLContext tls, String path, String token)
      throws Exception {
    URI uri = URI.create("https://127.0.0.1:" + address.getPort() + path);
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    try (HttpClient http = HttpClient.newBuilder().sslContext(tls).build()) {
      return http.send(request.build(), BodyHandlers.discarding()).statusCode();
    }
  }

  /** Returns the version that was agreed on. */
  private static String handshake(InetSocketAddress address, SSLContext tls, String version)
      throws Exception {
    try (SSLSocket socket =
        (SSLSocket) tls.getSocketFactory().createSocket(address.getAddress(), address.getPort())) {
      socket.setEnabledProtocols(new String[] {version});
      socket.startHandshake();
      return socket.getSession().getProtocol();
    }
  }
}
