package io.signalbox.server.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.signalbox.pki.AuthorityFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose certificates count because they are issued here. */
final class AuthoritiesTest {
  @TempDir Path directory;

  /** Whoever is told of a change looks once; nobody tells again that a key has been loaded. */
  @Test
  void aNewAuthorityIsTrustedWhenItsChangeIsTold() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      var seen = new AtomicReference<>(Set.<String>of());
      fixture.registry.onChange(_ -> seen.set(Set.copyOf(fixture.authorities.anchors().keySet())));
      fixture.makeAuthority("factory");
      assertEquals(Set.of("factory"), seen.get());
    }
  }

  @Test
  void whatWasIssuedStaysGoodWithoutTheKey() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      IssuingAuthority made =
          Objects.requireNonNull(fixture.registry.find(Kind.ISSUING_CA, "factory"));
      Files.delete(AuthorityFiles.in(directory.resolve("ca"), made.keyFile()).key());
    }
    try (var fixture = RegistryFixture.open(directory)) {
      assertEquals(Set.of("factory"), fixture.authorities.anchors().keySet());
      assertThrows(RegistryException.class, () -> fixture.authorities.signer("factory"));
    }
  }
}
