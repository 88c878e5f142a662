import { AppWindowIcon, CodeIcon, GlobeIcon, MailIcon, MessageSquareTextIcon, PhoneIcon, VideoIcon } from '@lucide/vue'
import { t, te } from '../i18n'

/** Pictures of the channels on which people write; one that is not known shows as a program. */
const ICONS = { web: GlobeIcon, widget: GlobeIcon, mail: MailIcon, email: MailIcon, sms: MessageSquareTextIcon, phone: PhoneIcon, video: VideoIcon, app: AppWindowIcon, api: CodeIcon } as const

/** The picture of a channel. */
export const channelIcon = (channel: string) => ICONS[channel as keyof typeof ICONS] ?? CodeIcon

/** The name of a channel in the language of the interface, its own name if there is no other. */
export const channelName = (channel: string) => (te('person.source.' + channel) ? t('person.source.' + channel) : channel)
