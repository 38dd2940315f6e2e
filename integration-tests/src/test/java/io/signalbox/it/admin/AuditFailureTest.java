package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.pki.CertificateAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While the audit log cannot be written nothing is changed, issued or registered. */
final class AuditFailureTest {
  private static final int NOT_AUTHORIZED = 0x87;
  private static final int ENTRIES_PER_FILE_MAX = 20;

  @TempDir static Path folder;

  private static BrokerUnderTest broker;
  private static AdminClient admin;

  @BeforeAll
  static void start() {
    broker =
        BrokerUnderTest.start(
            "audit-failure",
            BrokerConfig.allowingAll()
                .listener(Transport.TLS, false, "required")
                .listener(Transport.WSS, false, "optional")
                .yaml("admin: { audit-file-bytes-max: 1024, audit-files-max: 1000 }"));
    admin = AdminClient.administrator(broker);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @Test
  void everythingIsRefusedUntilWhatIsOwedIsWrittenDown() throws Exception {
    CertificateAuthority maker = Certificates.authority("maker", Instant.now());
    admin
        .put(
            "/trusted-cas/maker",
            "{'certificatePem':'%s','autoRegister':true}".formatted(Certificates.pem(maker)))
        .expect(201);
    PemFiles.Device lamp = Certificates.device(folder, "lamp", maker, broker);
    admin.put("/provisioning-templates/line", "{}").expect(201);
    admin
        .put(
            "/claim-tokens/line",
            "{'template':'line','secret':'0123456789abcdef01234567','maxUses':9}")
        .expect(201);
    admin.put("/devices/known", "{}").expect(201);

    Path next = nextFile();
    Files.createSymbolicLink(next, Path.of("/dev/full")); // takes nothing, as a full disk
    List<String> made = new ArrayList<>();
    for (int i = 0; i < ENTRIES_PER_FILE_MAX; i++) {
      int status = admin.put("/groups/g" + i, "{}").status();
      if (status == 503) {
        break;
      }
      assertEquals(201, status);
      made.add("g" + i);
    }
    assertTrue(made.size() < ENTRIES_PER_FILE_MAX, "no change was refused");

    String why = admin.put("/groups/late", "{}").expectProblem(503, "unavailable");
    assertTrue(
        why.contains(broker.dataFolder().resolve("audit").toString()) && why.contains("make room"),
        why);
    String issue = "{'csrPem':'" + Certificates.csr("known") + "'}";
    admin.put("/devices/known/certificates/main", issue).expectProblem(503, "unavailable");
    assertEquals("503", enrol());
    assertEquals(NOT_AUTHORIZED, answerTo(lamp));
    assertTrue(admin.metric("signalbox_audit_failures_total") >= 1);
    List<String> nothing = List.of("/groups/late", "/devices/claimed", "/devices/lamp");
    nothing.forEach(path -> admin.get(path).expectProblem(404, "not-found"));
    assertEquals(0, admin.get("/claim-tokens/line").json().get("uses").getAsInt());
    assertEquals(0, items("/certificates?device=known").size());

    Files.delete(next);
    admin.put("/devices/known/certificates/main", issue).expect(201);
    assertEquals("200", enrol());
    assertEquals(0, answerTo(lamp));
    List<String> told = items("/audit?limit=500");
    for (String group : made) {
      assertEquals(
          1,
          told.stream().filter(line -> line.contains("\"/groups/" + group + "\"")).count(),
          told::toString);
    }
    for (String method : List.of("ENROL", "PROVISION")) {
      List<String> lines = told.stream().filter(line -> line.contains(method)).toList();
      assertEquals(1, lines.size(), told::toString);
      assertTrue(lines.getFirst().contains("\"remote\":\"127.0.0.1\""), lines::toString);
    }
  }

  private static Path nextFile() throws IOException {
    Path audit = broker.dataFolder().resolve("audit");
    try (Stream<Path> files = Files.list(audit)) {
      long newest =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".log"))
              .mapToLong(name -> Long.parseLong(name.replaceAll("\\D", "")))
              .max()
              .orElseThrow();
      return audit.resolve("audit-%08d.log".formatted(newest + 1));
    }
  }

  /** The HTTP status of an enrolment with the claim token, by curl. */
  private static String enrol() throws IOException {
    Path body = folder.resolve("claimed.p10");
    if (Files.notExists(body)) {
      String pem = Certificates.csr("claimed").replace("\\n", "\n");
      Files.writeString(body, pem.replaceAll("-----[A-Z ]*-----\n?", ""));
    }
    return CommandLine.run(
            List.of(
                "curl",
                "-sS",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "--cacert",
                broker.caFile().toString(),
                "-u",
                "line:0123456789abcdef01234567",
                "-H",
                "Content-Type: application/pkcs10",
                "--data-binary",
                "@" + body,
                "https://localhost:"
                    + broker.endpoint(Transport.WSS).address().getPort()
                    + "/.well-known/est/simpleenroll"))
        .out();
  }

  private static List<String> items(String path) {
    return admin.get(path).expect(200).json().getAsJsonArray("items").asList().stream()
        .map(JsonElement::toString)
        .toList();
  }

  private static int answerTo(PemFiles.Device device) throws IOException {
    var endpoint = broker.endpoint(Transport.TLS).with(device.tls());
    try (RawClient wire = RawClient.open(endpoint, Version.V5)) {
      wire.send(PacketBytes.connect(Version.V5).clientId(device.id()));
      return wire.receive().reasonCode();
    }
  }
}
