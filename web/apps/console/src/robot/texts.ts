import { addTexts } from '../i18n'

const TEXTS = { 'zh-CN': () => import('./text/zh-CN.json'), en: () => import('./text/en.json'), 'pt-BR': () => import('./text/pt-BR.json') }
/** The texts of the pages about robots and knowledge, which come with them. */
export const robotTexts = () => addTexts(TEXTS)
