"""Languages the vendor's services know; a request for another one falls back (SPACES-CREATE-03, USERS-BULK-05).

The fall-back is documented, the lists are ours: no source prints them.
"""

INVITES = ("en-US", "de-DE", "es-ES", "fr-FR", "it-IT", "ja-JP", "ko-KR", "pt-BR", "ru-RU", "zh-CN")  # A
INVITE_DEFAULT = "en-US"  # SPACES-CREATE-03, A
ACCOUNTS = ("en", "de", "es", "fr", "it", "ja", "ko", "pt-BR", "pt", "ru", "zh-CN", "zh", "en-US")  # A
ACCOUNT_DEFAULT = "en"  # USERS-BULK-05, D
