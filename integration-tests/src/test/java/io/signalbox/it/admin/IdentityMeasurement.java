package io.signalbox.it.admin;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Launch;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.ByteArrayInputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * Measures what identities cost a broker: issuing by the API, memory of what is registered, and the
 * time from a withdrawal to the end of the last connection. Not a test; {@code benchmarks/identity}
 * runs it. Arguments: devices to register, certificates to issue, clients to cut off.
 */
final class IdentityMeasurement {
  private static final int BATCH = 1_000;
  private static final char[] NO_PASSWORD = {};
  private static final Pattern TOTAL = Pattern.compile("Total\\s+\\d+\\s+(\\d+)");
  private static final Pattern GAPS = Pattern.compile("\\s(\\d+)\\s+\\S*FillerElement");
  private static final PrintStream OUT = System.out;

  private final BrokerUnderTest broker;
  private final AdminClient admin;
  private final KeyPair keys = Certificates.keys();

  private IdentityMeasurement(BrokerUnderTest broker) {
    this.broker = broker;
    this.admin = AdminClient.administrator(broker);
  }

  public static void main(String[] arguments) throws Exception {
    int devices = Integer.parseInt(arguments[0]);
    int certificates = Integer.parseInt(arguments[1]);
    int clients = Integer.parseInt(arguments[2]);
    BrokerConfig config =
        BrokerConfig.allowingAll()
            .listener(Transport.TLS, false, "required")
            .listener(Transport.WSS, false, "optional");
    var launch = new Launch(List.of("-Xmx1g", "-XX:+UseSerialGC"), Map.of());
    try (var broker = BrokerUnderTest.start("identity-measurement", config, launch)) {
      var measurement = new IdentityMeasurement(broker);
      measurement.issue(certificates);
      measurement.register(devices);
      measurement.withdraw(clients);
    }
  }

  // ---- issuing

  private void issue(int count) {
    register("warm-", 2 * BATCH);
    issue("warm-", 2 * BATCH, "dev-ca");
    register("issued-", count);
    long heap = heapBytes();
    Span span = new Span();
    issue("issued-", count, "dev-ca");
    span.print("certificates issued", count);
    OUT.printf("heap per certificate: %d bytes%n", (heapBytes() - heap) / count);
  }

  private void register(int count) {
    long heap = heapBytes();
    Span span = new Span();
    register("device-", count);
    span.print("devices registered", count);
    OUT.printf("heap per device: %d bytes%n", (heapBytes() - heap) / count);
  }

  private void register(String prefix, int count) {
    inBatches(
        "/devices/batch",
        count,
        i ->
            "{'op':'put','id':'%s%d','device':{'displayName':'Pump %d','clientIdPin':'*',"
                    .formatted(prefix, i, i)
                + "'attributes':{'site':'north-%d','line':'%d'}}}".formatted(i % 50, i % 7));
  }

  private List<JsonElement> issue(String prefix, int count, String ca) {
    return inBatches(
        "/certificates/batch",
        count,
        i ->
            "{'device':'%s%d','name':'main','certificate':{'ca':'%s','csrPem':'%s'}}"
                .formatted(prefix, i, ca, Certificates.csr(keys, prefix + i)));
  }

  private List<JsonElement> inBatches(String path, int count, IntFunction<String> operation) {
    List<JsonElement> results = new ArrayList<>();
    for (int from = 0; from < count; from += BATCH) {
      String operations =
          IntStream.range(from, Math.min(from + BATCH, count))
              .mapToObj(operation)
              .collect(Collectors.joining(","));
      JsonObject answer =
          admin.post(path, "{'operations':[" + operations + "]}").expect(200).json();
      if (answer.get("failed").getAsInt() > 0) {
        throw new AssertionError(answer.toString());
      }
      results.addAll(answer.getAsJsonArray("results").asList());
    }
    return results;
  }

  // ---- withdrawal

  private void withdraw(int count) throws Exception {
    admin.put("/issuing-cas/factory", "{}").expect(201);
    register("client-", count);
    List<Endpoint> endpoints = new ArrayList<>();
    TrustManager[] trust = PemFiles.trustManagers(broker.caFile()).getTrustManagers();
    for (JsonElement result : issue("client-", count, "factory")) {
      JsonObject certificate = result.getAsJsonObject().getAsJsonObject("certificate");
      SSLContext tls = tls(certificate.get("chainPem").getAsString(), trust);
      endpoints.add(broker.endpoint(Transport.TLS).with(tls));
    }
    List<Peer> peers = connect(endpoints);
    Span span = new Span();
    inBatches(
        "/devices/batch",
        count,
        i -> "{'op':'put','id':'client-%d','device':{'enabled':false}}".formatted(i));
    long asked = span.millis();
    awaitEnd(peers);
    span.print("clients cut off by disabling their devices in batches", count);
    OUT.printf("of this, until the last batch was answered: %d ms%n", asked);

    inBatches(
        "/devices/batch",
        count,
        i -> "{'op':'put','id':'client-%d','device':{'clientIdPin':'*'}}".formatted(i));
    peers = connect(endpoints);
    span = new Span();
    admin.put("/issuing-cas/factory", "{'enabled':false}").expect(200);
    awaitEnd(peers);
    span.print("clients cut off by disabling their authority", count);
  }

  private SSLContext tls(String chainPem, TrustManager[] trust) throws Exception {
    var chain =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(chainPem.getBytes(US_ASCII)));
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("device", keys.getPrivate(), NO_PASSWORD, chain.toArray(Certificate[]::new));
    var factory = KeyManagerFactory.getInstance("SunX509");
    factory.init(store, NO_PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(factory.getKeyManagers(), trust, null);
    return context;
  }

  private static List<Peer> connect(List<Endpoint> endpoints) throws Exception {
    List<Peer> peers = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      Peer peer = new Peer(RawClient.open(endpoint, Version.V5), "c" + peers.size());
      peer.connect();
      peers.add(peer);
    }
    return peers;
  }

  private static void awaitEnd(List<Peer> peers) {
    peers.forEach(peer -> peer.expectDisconnect(0x87));
    peers.forEach(Peer::close);
  }

  // ---- what it costs

  /** Wall clock and the broker's CPU since it began. */
  private final class Span {
    private final long startNanos = System.nanoTime();
    private final Duration startCpu = cpu();

    long millis() {
      return (System.nanoTime() - startNanos) / 1_000_000;
    }

    void print(String what, int count) {
      long millis = millis();
      double seconds = cpu().minus(startCpu).toNanos() / 1e9;
      OUT.printf(
          "%d %s: %d ms, %.0f a second, %.0f per broker CPU second%n",
          count, what, millis, count * 1e3 / millis, count / seconds);
    }
  }

  private Duration cpu() {
    return ProcessHandle.of(broker.pid()).orElseThrow().info().totalCpuDuration().orElseThrow();
  }

  /** What is live after a full collection. */
  private long heapBytes() {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    String histogram =
        CommandLine.run(List.of(jcmd, Long.toString(broker.pid()), "GC.class_histogram"))
            .expectSuccess()
            .out();
    Matcher total = TOTAL.matcher(histogram);
    if (!total.find()) {
      throw new AssertionError(histogram);
    }
    Matcher gaps = GAPS.matcher(histogram); // what the collector did not bother to move together
    return Long.parseLong(total.group(1)) - (gaps.find() ? Long.parseLong(gaps.group(1)) : 0);
  }
}
