#include "crypto/sealer.h"

#include "base/error.h"
#include "crypto/bytes.h"
#include "crypto/encoding.h"

#include <openssl/evp.h>

#include <limits>
#include <memory>
#include <optional>

namespace drs {
namespace {

constexpr std::string_view kSealedPrefix = "sealed:v1:";
constexpr std::size_t kNonceBytes = 12;  // the length that GCM is made for (NIST SP 800-38D, 8.2)
constexpr std::size_t kTagBytes = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const EVP_CIPHER* aes256Gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}

/// A context with key, nonce and associated data set; every step's failure is a fault of OpenSSL.
Context start(bool encrypt, const Key& key, std::string_view nonce, std::string_view associated) {
  Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  const bool good =
      context &&
      EVP_CipherInit_ex2(context.get(), aes256Gcm(), key.data(), bytesOf(nonce), encrypt ? 1 : 0, nullptr) == 1 &&
      EVP_CipherUpdate(context.get(), nullptr, &size, bytesOf(associated), static_cast<int>(associated.size())) == 1;
  if (!good) throw Error(Msg::internal, {"AES-256-GCM failed"});
  return context;
}

/// The length stands before the path so that no two pairs give the same text.
std::string associatedData(std::string_view jobId, std::string_view path) {
  std::string out = std::to_string(jobId.size());
  out.append(":").append(jobId).append(path);
  return out;
}

std::optional<std::string> decrypt(const Key& key, std::string_view raw, std::string_view associated) {
  if (raw.size() < kNonceBytes + kTagBytes) return std::nullopt;
  const std::string_view nonce = raw.substr(0, kNonceBytes);
  const std::string_view text = raw.substr(kNonceBytes, raw.size() - kNonceBytes - kTagBytes);
  std::string tag(raw.substr(raw.size() - kTagBytes));
  const Context context = start(false, key, nonce, associated);
  std::string plain(text.size(), '\0');
  int size = 0;
  int last = 0;
  const bool good =
      EVP_CipherUpdate(context.get(), bytesOf(plain), &size, bytesOf(text), static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1 &&
      EVP_CipherFinal_ex(context.get(), bytesOf(plain) + size, &last) == 1;
  if (good) return plain;
  wipe(plain);
  return std::nullopt;
}

[[noreturn]] void broken(std::string_view path, const std::string& why) {
  throw Error(Msg::sealBroken, {std::string(path) + ": " + why});
}

}  // namespace

std::string Sealer::seal(std::string_view plain, std::string_view jobId, std::string_view path) const {
  if (plain.size() > std::numeric_limits<int>::max() / 2) throw Error(Msg::internal, {"a secret is too long"});
  const std::string nonce = randomBytes(kNonceBytes);
  const Context context = start(true, key_, nonce, associatedData(jobId, path));
  std::string text(plain.size(), '\0');
  std::string tag(kTagBytes, '\0');
  int size = 0;
  int last = 0;
  const bool good =
      EVP_CipherUpdate(context.get(), bytesOf(text), &size, bytesOf(plain), static_cast<int>(plain.size())) == 1 &&
      EVP_CipherFinal_ex(context.get(), bytesOf(text) + size, &last) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1;
  if (!good) throw Error(Msg::internal, {"AES-256-GCM failed"});
  return std::string(kSealedPrefix) + keyId_ + ":" + toBase64(nonce + text + tag);
}

std::string Sealer::open(std::string_view sealed, std::string_view jobId, std::string_view path) const {
  if (!sealed.starts_with(kSealedPrefix)) broken(path, "it is not a sealed value");
  const std::string_view rest = sealed.substr(kSealedPrefix.size());
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) broken(path, "it is not a sealed value");
  if (rest.substr(0, colon) != keyId_) {
    broken(path, "it was sealed with the key " + std::string(rest.substr(0, colon)) + ", master.key is " + keyId_);
  }
  const auto raw = fromBase64(rest.substr(colon + 1));
  if (!raw) broken(path, "it is not a sealed value");
  auto plain = decrypt(key_, *raw, associatedData(jobId, path));
  if (!plain) broken(path, "it has been altered, or belongs to another job or field");
  return std::move(*plain);
}

}  // namespace drs
