package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.FixedPort;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Enrolment by EST with curl, and the status of certificates as OpenSSL's own programs see it:
 * everything that is not Signalbox is on the other side.
 */
final class EnrolmentTest {
  @TempDir static Path folder;

  private static BrokerUnderTest broker;
  private static int plainPort;

  @BeforeAll
  static void startBroker() throws IOException {
    plainPort = FixedPort.free();
    broker =
        BrokerUnderTest.start(
            "enrolment",
            BrokerConfig.open()
                .yaml(
                    "enrolment: { http-port: %d, http-bind: [127.0.0.1] }\n".formatted(plainPort)));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  private static String https(String path) {
    return "https://localhost:" + broker.endpoint(Transport.WSS).address().getPort() + path;
  }

  private static String plain(String path) {
    return "http://127.0.0.1:" + plainPort + path;
  }

  /** Runs a shell line in the folder; {@code $CA} is the broker's own authority. */
  private static CommandLine.Result sh(String line) {
    List<String> words = new ArrayList<>(List.of("sh", "-c"));
    words.add("cd \"$0\" && CA=\"$1\" && " + line);
    words.add(folder.toString());
    words.add(broker.caFile().toString());
    return CommandLine.run(words);
  }

  private static String openssl(String line) {
    CommandLine.Result result = sh(line);
    return result.expectSuccess().out() + result.err();
  }

  private static void device(String id) {
    PemFiles.Device issued = broker.issueDevice(id);
    for (Path file : List.of(issued.certificate(), issued.key())) {
      try {
        Files.copy(file, folder.resolve(file.getFileName()));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  @Test
  void cacertsIsABundleThatOpensslReads() {
    openssl(
        "curl -fsS --cacert $CA "
            + https("/.well-known/est/cacerts")
            + " | tr -d '\\r"
            + "' | base64 -d | openssl pkcs7 -inform DER -print_certs -out cacerts.pem");
    assertTrue(openssl("grep -c BEGIN cacerts.pem").strip().equals("2"), "issuing and root");
    openssl(
        "curl -fsS --cacert $CA "
            + https("/.well-known/est/csrattrs")
            + " | tr -d '\\r' | base64 -d > a.der");
    assertTrue(openssl("openssl asn1parse -inform DER -in a.der").contains("prime256v1"));
  }

  @Test
  void aDeviceRenewsItsCertificateAndConnectsWithTheNewOne() throws Exception {
    device("renewing");
    openssl("openssl ecparam -name prime256v1 -genkey -noout -out new.sec1");
    openssl("openssl pkcs8 -topk8 -nocrypt -in new.sec1 -out new.key");
    openssl("openssl req -new -key new.key -subj /CN=renewing -outform DER | base64 > new.p10");
    openssl(
        "curl -fsS --cacert $CA --cert renewing.crt --key renewing.key"
            + " -H 'Content-Type: application/pkcs10' --data-binary @new.p10 "
            + https("/.well-known/est/simplereenroll")
            + " | tr -d '\\r' | base64 -d | openssl pkcs7 -inform DER -print_certs -out new.crt");
    openssl("curl -fsS " + plain("/pki/dev-ca.crt") + " -o issuing.der");
    openssl("openssl x509 -inform DER -in issuing.der -out issuing.pem");
    assertTrue(
        openssl("openssl verify -CAfile $CA -untrusted issuing.pem -purpose sslclient new.crt")
            .contains("OK"));
    openssl("cat new.crt issuing.pem > chain.crt");
    var renewed =
        new PemFiles.Device(
            "renewing", folder.resolve("chain.crt"), folder.resolve("new.key"), broker.caFile());
    var endpoint = broker.endpoint(Transport.TLS).with(renewed.tls());
    try (Peer peer = new Peer(RawClient.open(endpoint, Version.V5), "renewing")) {
      peer.connect();
    }
  }

  @Test
  void nobodyEnrolsWithoutARightOrForAnother() {
    device("honest");
    openssl("openssl ecparam -name prime256v1 -genkey -noout -out other.key");
    openssl("openssl req -new -key other.key -subj /CN=victim -outform DER | base64 > other.p10");
    String post =
        "curl -sS -o answer.txt -w '%{http_code}' --cacert $CA"
            + " -H 'Content-Type: application/pkcs10' --data-binary @other.p10 ";
    String enrol = https("/.well-known/est/simpleenroll");
    assertEquals("401", sh(post + enrol).out());
    assertEquals("401", sh(post + "-u nobody:guess " + enrol).out());
    assertEquals("403", sh(post + "--cert honest.crt --key honest.key " + enrol).out());
    assertEquals(
        "403",
        sh(post + "--cert honest.crt --key honest.key " + https("/.well-known/est/simplereenroll"))
            .out());
    openssl("head -c 40 /dev/urandom | base64 > other.p10");
    assertEquals("400", sh(post + "-u nobody:guess " + enrol).out());
  }

  @Test
  void opensslReadsTheListAndAsksTheResponder() {
    device("asked");
    openssl("curl -fsS " + plain("/pki/dev-ca.crl") + " -o dev.crl");
    openssl("curl -fsS " + plain("/pki/dev-ca.crt") + " -o i.der");
    openssl("openssl x509 -inform DER -in i.der -out i.pem");
    assertTrue(
        openssl("openssl crl -inform DER -in dev.crl -noout -CAfile i.pem 2>&1")
            .contains("verify OK"));
    String ask = "openssl ocsp -issuer i.pem -cert asked.crt -CAfile $CA -no_nonce -url ";
    assertTrue(openssl(ask + plain("/pki/ocsp")).contains("asked.crt: good"));
    openssl("curl -fsS --cacert $CA " + https("/pki/dev-ca.crl") + " -o tls.crl");
    openssl("openssl crl -inform DER -in tls.crl -noout");
    assertEquals(
        "404", sh("curl -s -o /dev/null -w '%{http_code}' " + plain("/health/live")).out());
  }
}
