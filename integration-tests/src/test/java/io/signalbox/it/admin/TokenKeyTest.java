package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Launch;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.interop.Program;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.pki.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/** An issuing authority whose key is made in a PKCS#11 token (SoftHSM 2) and stays there. */
final class TokenKeyTest {
  private static final String PIN = "271828";

  @TempDir Path folder;

  @Test
  void certifiesDevicesWithAKeyOnTheToken() throws Exception {
    Path configuration = token();
    Launch launch = Launch.DEFAULT.quick().with("SOFTHSM2_CONF", configuration.toString());
    BrokerConfig config =
        BrokerConfig.open()
            .file("token.pin", PIN + "\n")
            .yaml(
                "registry: { pkcs11: { library: "
                    + library()
                    + ", slot: 0, pin-file: token.pin } }\n");
    try (var broker = BrokerUnderTest.start("token", config, launch)) {
      AdminClient api = AdminClient.administrator(broker);
      api.put("/issuing-cas/plant", "{'pathLength':1}").expect(201);
      api.put("/issuing-cas/hsm", "{'keyStore':'token','parent':'plant'}").expect(201);
      assertEquals("token", api.get("/issuing-cas/hsm").expect(200).get("keyStore"));
      String problem =
          api.put("/issuing-cas/alone", "{'keyStore':'token'}").expectProblem(422, "invalid");
      assertTrue(problem.contains("parent, or offline"), problem);
      PemFiles.Device first = device(api, broker, "first");

      broker.stop();
      broker.restart(launch);
      connect(broker, first);
      connect(broker, device(AdminClient.administrator(broker), broker, "second"));
      try (Stream<Path> keys = Files.list(broker.dataFolder().resolve("ca"))) {
        assertEquals(
            List.of(),
            keys.map(key -> key.getFileName().toString()).filter(n -> n.startsWith("hsm")).toList(),
            "no file has the key");
      }
    }
  }

  private PemFiles.Device device(AdminClient api, BrokerUnderTest broker, String id)
      throws IOException {
    KeyPair keys = Certificates.keys();
    api.put("/devices/" + id, "{}").expect(201);
    String chain =
        api.put(
                "/devices/" + id + "/certificates/main",
                "{'ca':'hsm','csrPem':'" + Certificates.csr(keys, id) + "'}")
            .expect(201)
            .get("chainPem");
    return new PemFiles.Device(
        id,
        Files.writeString(folder.resolve(id + ".crt"), chain),
        Files.writeString(folder.resolve(id + ".key"), Pem.encode(keys.getPrivate())),
        broker.caFile());
  }

  private static void connect(BrokerUnderTest broker, PemFiles.Device device) throws IOException {
    var endpoint = broker.endpoint(Transport.TLS).with(device.tls());
    try (var peer = new Peer(RawClient.open(endpoint, Version.V5), device.id())) {
      peer.connect();
      peer.ping();
    }
  }

  /** Makes a token; gives the file that names its folder. */
  private Path token() throws IOException {
    String util = Program.find("softhsm2-util", "softhsm");
    Path configuration = folder.resolve("softhsm2.conf");
    Path tokens = Files.createDirectory(folder.resolve("tokens"));
    Files.writeString(configuration, "directories.tokendir = " + tokens + "\nlog.level = ERROR\n");
    CommandLine.run(
            List.of(
                "env",
                "SOFTHSM2_CONF=" + configuration,
                util,
                "--init-token",
                "--free",
                "--label",
                "plant",
                "--pin",
                PIN,
                "--so-pin",
                "31415926"))
        .expectSuccess();
    return configuration;
  }

  private static Path library() {
    return Stream.of("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
        .map(Path::of)
        .filter(Files::isReadable)
        .findFirst()
        .orElseThrow(() -> new TestAbortedException("the library of SoftHSM 2 is not there"));
  }
}
