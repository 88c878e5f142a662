/** The emoji on offer in the pickers, by group, most used first. Names come from the platform's own screen reader. */
export const EMOJI: [group: string, list: string[]][] = [
  ['😀', [...'😀😄😁😅😂🤣😊😇🙂🙃😉😌😍🥰😘😋😛😜🤔🤗🤭🫡😐😏😒🙄😬😴😷🤒🥳😎🤓😕🙁😮😲😳🥺😢😭😤😠😱😰😓']],
  ['👍', [...'👍👎👌🤝👏🙌🙏💪👋👇👆👉👈✌🤞🫶']],
  ['❤️', [...'❤🧡💛💚💙💜💔💯✨🎉🎊🎁🌹🌸💐🌟⭐🔥☀🌙🌈']],
  ['📦', [...'📦🚚🧾💳💰🛒🏠🏢📍📞📧📎📷🔍🔧💡🔌🛋🪑🕐📅✅❌❗❓']],
]
