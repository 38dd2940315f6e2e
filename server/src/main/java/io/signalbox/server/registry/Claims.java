package io.signalbox.server.registry;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.RegistryException.Reason;
import java.net.InetAddress;

/** Uses claim tokens up. Not on an I/O thread: a use is durable before it counts. */
public final class Claims {
  private final Registry registry;
  private final Clocks clocks;

  public Claims(Registry registry, Clocks clocks) {
    this.registry = registry;
    this.clocks = clocks;
  }

  /**
   * The template of a token, one use of which is gone then.
   *
   * @throws RegistryException {@link Reason#NOT_FOUND} whatever is wrong with name or secret;
   *     {@link Reason#CONFLICT} if the token is used up, ended, switched off or not for this
   *     address
   */
  public ProvisioningTemplate use(String name, String secret, InetAddress from)
      throws RegistryException, InterruptedException {
    ClaimToken token = registry.find(Kind.CLAIM_TOKEN, name);
    if (token == null || !token.isSecret(secret)) {
      throw new RegistryException(Reason.NOT_FOUND, "no claim token has this name and secret");
    }
    Written<ClaimToken> used =
        registry.put(
            Kind.CLAIM_TOKEN,
            name,
            Condition.NONE,
            existing -> {
              if (existing == null || !existing.isSecret(secret)) {
                throw new RegistryException(
                    Reason.NOT_FOUND, "no claim token has this name and secret");
              }
              requireUsable(existing, from);
              return existing.usedOnceMore();
            });
    ProvisioningTemplate template = registry.find(Kind.TEMPLATE, used.entry().template());
    if (template == null || !template.enabled()) {
      throw refused(name, "its provisioning template is not there or disabled");
    }
    return template;
  }

  private void requireUsable(ClaimToken token, InetAddress from) throws RegistryException {
    if (!token.enabled()) {
      throw refused(token.name(), "it is disabled");
    }
    if (clocks.wallMillis() >= token.expiresAtMillis()) {
      throw refused(token.name(), "it ended at " + Fields.time(token.expiresAtMillis()));
    }
    if (token.uses() >= token.maxUses()) {
      throw refused(token.name(), "it was used " + token.uses() + " times, as often as allowed");
    }
    if (!token.mayBeUsedFrom(from)) {
      throw refused(token.name(), "it is not for the address " + from.getHostAddress());
    }
  }

  private static RegistryException refused(String name, String why) {
    return new RegistryException(
        Reason.CONFLICT, "the claim token \"" + name + "\" cannot be used: " + why);
  }
}
