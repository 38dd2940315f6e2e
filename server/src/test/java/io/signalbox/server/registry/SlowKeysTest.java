package io.signalbox.server.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.Pem;
import io.signalbox.pki.RevocationReason;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.RegistryException.Reason;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What others do while a key is made that takes its time. */
final class SlowKeysTest {
  private static final int PATIENCE_SECONDS = 30;

  @TempDir Path directory;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final SlowRandom random = new SlowRandom();
  private RegistryFixture fixture;

  /** Gives nothing, once it is slow, until it may. */
  private static final class SlowRandom extends SecureRandom {
    private static final long serialVersionUID = 1;

    private final transient CountDownLatch asked = new CountDownLatch(1);
    private final transient CountDownLatch may = new CountDownLatch(1);
    private volatile boolean slow;

    @Override
    public void nextBytes(byte[] bytes) {
      if (slow) {
        asked.countDown();
        try {
          may.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      super.nextBytes(bytes);
    }
  }

  @BeforeEach
  void open() throws Exception {
    fixture = RegistryFixture.open(directory);
    fixture.makeAuthority("factory");
    fixture.put(Kind.DEVICE, "slow", "{}");
  }

  @AfterEach
  void close() {
    random.may.countDown();
    threads.close();
    fixture.close();
  }

  private Future<Written<DeviceCertificate>> slowCertificate() throws Exception {
    String sealTo = Pem.encode(RegistryFixture.elsewhere().chain());
    var inventory = new Inventory(fixture.registry, fixture.authorities, Clocks.system(), random);
    random.slow = true;
    var made =
        threads.submit(
            () ->
                RegistryFixture.ensure(
                    inventory, "slow", "main", "{'sealToPem':'" + sealTo + "'}"));
    assertTrue(random.asked.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
    return made;
  }

  private <T> T soon(Callable<T> task) throws Exception {
    return threads.submit(task).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private void assertOthersGoOn() throws Exception {
    fixture.put(Kind.DEVICE, "gone", "{}");
    fixture.put(Kind.DEVICE, "d", "{}");
    DeviceCertificate other =
        fixture.ensure("d", "main", "{'csrPem':'" + RegistryFixture.csr("d") + "'}").entry();
    soon(() -> fixture.registry.delete(Kind.DEVICE, "gone", Condition.NONE));
    soon(
        () -> fixture.inventory.revoke(other.name(), RevocationReason.UNSPECIFIED, Condition.NONE));
    assertTrue(fixture.registry.isRefused(other.name()));
  }

  @Test
  void aKeyOfADeviceKeepsNobodyWaiting() throws Exception {
    var made = slowCertificate();
    assertOthersGoOn();
    random.may.countDown();
    assertTrue(made.get().isCreated());
  }

  @Test
  void aKeyOfAnAuthorityKeepsNobodyWaiting() throws Exception {
    Authorities slow =
        Authorities.open(
            fixture.registry, directory.resolve("ca"), Clock.systemUTC(), random, null, Map.of());
    random.slow = true;
    var made =
        threads.submit(
            () ->
                slow.put(
                    "new",
                    Condition.NONE,
                    _ ->
                        IssuingAuthority.read(
                            "new", RegistryFixture.fields("{}"), null, Stamp.NEW)));
    assertTrue(random.asked.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertOthersGoOn();
    random.may.countDown();
    assertTrue(made.get().isCreated());
  }

  @Test
  void aDeviceThatIsRemovedWhileItsKeyIsMadeGetsNoCertificate() throws Exception {
    var made = slowCertificate();
    soon(() -> fixture.registry.delete(Kind.DEVICE, "slow", Condition.NONE));
    assertRefused(made);
  }

  @Test
  void anotherDeviceOfItsNameGetsNoneEither() throws Exception {
    var made = slowCertificate();
    long first = Objects.requireNonNull(fixture.registry.device("slow")).stamp().createdAtMillis();
    soon(() -> fixture.registry.delete(Kind.DEVICE, "slow", Condition.NONE));
    while (System.currentTimeMillis() <= first) {
      Thread.onSpinWait(); // the two are told apart by the clock
    }
    fixture.put(Kind.DEVICE, "slow", "{}");
    assertRefused(made);
  }

  @Test
  void anAuthorityThatIsRemovedMeanwhileHasIssuedNothing() throws Exception {
    var made = slowCertificate();
    soon(() -> fixture.authorities.delete("factory", Condition.NONE));
    assertRefused(made);
  }

  private void assertRefused(Future<?> made) {
    random.may.countDown();
    var e = assertThrows(ExecutionException.class, made::get);
    assertEquals(
        Reason.UNAVAILABLE, assertInstanceOf(RegistryException.class, e.getCause()).reason());
    assertEquals(List.of(), fixture.registry.certificatesOf("slow"));
  }
}
